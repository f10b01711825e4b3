"""Webhooks: every public event of every service, posted to the addresses that a tenant names.

    event log -> group `iam.webhooks` (`handlers`): one delivery for each endpoint that wants it, in one transaction
              -> `sending`: claimed, signed (`signing`), posted, settled; again later when that fails
              -> `replaying`: sent once more because somebody wants it

The tables live once, in the database `default`. What is promised: an event that an endpoint wants is posted to it at
least once, under one `webhook-id`, until it is accepted or WEBHOOK_GIVE_UP_S have passed since it first failed.
"""
