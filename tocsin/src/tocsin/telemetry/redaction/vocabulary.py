"""The words that make a name one whose value is hidden.

Plain data, in the order in which one would look a word up. A phrase is written as its
segments, separated by spaces; :mod:`.keys` compares whole segments, so that ``author``
is not ``auth`` and ``secretary`` is not ``secret``.
"""

from typing import Final


def words_of(text: str) -> frozenset[str]:
    """The words of a list that is written as running text."""
    return frozenset(text.split())


PASSWORDS: Final = """
password; passwd; passphrase; passcode; pwd; pw; pass word; pass phrase; pass code; pswd; userpwd
passwort; kennwort; contrasena; contraseña; senha; mot de passe; wachtwoord; hasło; lösenord
security answer; secret answer
"""

TOKENS: Final = """
token; secret; credential; creds; jwt; csrf; xsrf; otp; totp; dpop; bearer
api key; apikey; access key; accesskey; private key; privatekey; secret key; signing key
encryption key; encrypt key; decryption key; session key; master key; shared key; account key
service key; ssh key; hmac key; pseudonym key; integration key; routing key; storage key
auth key; app key; webhook key
session id; sessionid; session cookie; jsessionid; phpsessid; asp sessionid; sid; sess id
connection string; dsn; database url; redis url; broker url
mfa code; otp code; verification code; verify code; reset code; auth code; authorization code
recovery code; backup code; access code; pin; pin code; one time code; security code
hub signature; stripe signature; slack signature; goog signature; amz signature
refreshtoken; accesstoken; authtoken; idtoken; csrftoken; clientsecret
"""

# Values of these run on over spaces and semicolons, to the end of the line.
HEADERS: Final = (
    "authorization; cookie; set cookie; cookies; proxy authorization; authentication info"
)

PEOPLE: Final = """
first name; firstname; last name; lastname; full name; fullname; middle name; maiden name
given name; givenname; family name; familyname; surname; forename; nick name; nickname
display name; displayname; real name; legal name; preferred name; user name; username; login name
student name; pupil name; child name; learner name; parent name; guardian name; teacher name
mother name; father name; person name; contact name; customer name; recipient name
sender name; student names; fname; lname
phone; phone number; phonenumber; telephone; mobile number; mobile phone; cell phone; msisdn; tel
fax; whatsapp
address; street; street line; postcode; postal code; post code; zip code; zipcode; home town
birth date; birthdate; birth day; birthday; date of birth; dateofbirth; dob; birth place; born on
ssn; social security; national insurance; passport; tax id; driver license; driving licence
national id; medical record; iban; account number; sort code; routing number; bank account
card number; cardnumber; credit card; debit card; creditcard; card no; cvv; cvc; pan
input value
"""

# A keyed pseudonym may stand under these (decision D-6), and is then shown.
CONTACTS: Final = """
email; e mail; email address; emailaddress; mail address; useremail; parentemail; studentemail
recipient; recipients; mailbox; reply to
ip; ip address; ipaddress; ipaddr; ip addr; remote addr; remote address; remote host; remote ip
client ip; client addr; client address; client host; peer name; peername; peer addr; peer address
x forwarded for; forwarded for; x real ip; connecting ip; x client ip; source ip
"""

# Counted in language models, secret elsewhere: a number under these is shown.
COUNTABLE: Final = "tokens; secrets; credentials; emails; phones; addresses; ips; recipients; pass"

# The last segment is the head of an English compound: a `token_count` is a count.
HARMLESS_HEADS: Final = words_of(
    """
    count counts counter total totals length len size bytes chars
    enabled disabled required optional verified verification valid invalid present missing missed
    expired expires expiry expiration ttl age at seconds second ms us ns minutes hours days
    type types kind status state version policy algorithm alg scheme strategy method provider source
    attempts attempt failures failed succeeded success ok retries limit max min rate ratio window
    usage used budget cost price name names field fields format pattern template templates domain
    queue sent delivered bounced opened changed updated created rotated revoked accepted consent
    family families hits misses seen reset resets requested requests path
    file url uri endpoint host port region
    project bucket level strength score policies rules rule class role roles
    """
)

# Compounds that hold a word from above and mean a thing.
HARMLESS_PHRASES: Final = """
bind address; listen address; server address; memory address; mac address
token bucket; address space; address family; ip family
"""

# Names that tell only when they stand alone. `input` is what pydantic's `errors()` calls the
# refused value (https://docs.pydantic.dev/latest/errors/errors/), a password once (D18).
WHOLE_VALUES: Final = "input; session"
WHOLE_PERSONS: Final = "student; pupil; learner; guardian; teacher"

# Unmistakable even when glued to a word before it: `PGPASSWORD`, `dbpassword`.
STEMS: Final = (
    "password", "passwd", "passphrase", "passwort", "apikey", "secretkey", "privatekey",
    "accesskey", "accesstoken", "refreshtoken", "authtoken", "idtoken", "csrftoken",
    "clientsecret", "sessionid", "sessid",
)  # fmt: skip

# After such a path segment, the next one says who, or opens a door.
PERSON_SEGMENTS: Final = words_of(
    """user users student students pupil pupils child children learner learners teacher teachers
    parent parents guardian guardians member members people person profile profiles
    account accounts u by-email by-name by-username"""
)
DOOR_SEGMENTS: Final = words_of(
    """reset resets verify verification confirm confirmation activate activation invite invites
    invitation invitations magic magic-link unsubscribe token tokens otp ticket recover
    recovery share shared password-reset reset-password forgot-password one-time
    verify-email confirm-email email-verification sso callback"""
)
# What stands after a collection of persons without being one.
ACTION_SEGMENTS: Final = words_of(
    """me self search new list count counts export import bulk login logout register signup signin
    sign-in sign-up profile settings preferences password reset verify confirm refresh revoke status
    admin active recent all current edit delete create update interests progress sessions request
    requests roles role api v1 v2 health summary report reports lock unlock locked"""
)
