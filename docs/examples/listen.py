"""Stream a job, lose the line halfway, return: what is heard is the finished file to the byte."""

from shared.client import Client

TEXT = (
    "The lamp turned. Ten seconds; ten seconds; ten. Nobody had told it that the ships were gone."
)

with Client.from_environment() as client:
    heard, job_id, take = b"", "", 0
    with client.stream("custom_voice", {"text": TEXT, "language": "english"}) as listening:
        for frame in listening:
            if isinstance(frame, bytes):
                heard += frame
                break
            if frame.type == "header":
                job_id, take = frame.id, frame.take

    # The cursor is the number of samples received, two bytes each.
    with client.attach(job_id, after=len(heard) // 2, take=take) as listening:
        for frame in listening:
            if isinstance(frame, bytes):
                heard += frame
            elif frame.type == "restart":
                heard = b""

    print(heard == client.audio(job_id, "pcm"))
