"""The service as a voice of Home Assistant and whatever else speaks the Wyoming protocol.

<https://github.com/OHF-Voice/wyoming>
"""
