"""Mail to people: stored in the transaction of what it tells of, sent after the commit, and not lost in between.

    mail.send(template="password_reset", to=user.email, context={"url": url}, person_id=user.id, now=now)

`templates/mail/<template>.txt` and `.html` say what it looks like. `send` raises TooManyMessages at the recipient's
limit and MailIsOff where the installation sends none; `notify` is for what may be left out then.
"""

from apps.core.mail.errors import MailIsOff, TooManyMessages
from apps.core.mail.sending import notify, send
from apps.core.mail.transport import is_on

__all__ = ["MailIsOff", "TooManyMessages", "is_on", "notify", "send"]
