"""`python -m tools.qtts`: as `qtts`, where the entry point is not on the PATH."""

from tools.qtts import main

main()
