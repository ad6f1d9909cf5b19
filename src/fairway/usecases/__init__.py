"""What a person or an agent can ask for: one file per use case, named verb and noun.

Belongs here: the order of checks, transactions, audit events and calls of ports that make one
request. Never here: HTTP, terminals, SQL, a driver's name. Every mutating use case writes its
audit event in the transaction of its mutation.
"""
