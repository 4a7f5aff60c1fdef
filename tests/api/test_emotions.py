from shared.emotions import EMOTIONS
from tests.api.jobs import TEXT, ended, fault, submit


def test_every_mood_is_listed_as_it_is_declared(http):
    assert http.get("/v1/emotions").json() == [
        emotion.model_dump(mode="json") for emotion in EMOTIONS.values()
    ]


def test_a_mood_that_is_listed_can_be_asked_for(http):
    listed = http.get("/v1/emotions").json()[1]
    job = submit(http, emotion=listed["name"])
    assert job["request"]["emotion"] == listed["id"]
    assert ended(http, job["id"])["state"] == "succeeded"


def test_an_unknown_mood_is_refused(http):
    answer = http.post("/v1/jobs/custom_voice", json={"text": TEXT, "emotion": "hungry"})
    assert fault(answer) == (422, "unknown_emotion")
    assert answer.json()["error"]["param"] == "emotion"
