"""Whoever asks over HTTP in these tests: httpx's client, or Starlette's, which is one of httpx2."""

import httpx
import httpx2
from starlette.testclient import TestClient

Http = httpx.Client | TestClient
Answer = httpx.Response | httpx2.Response
