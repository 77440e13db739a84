"""Who is it, what may they, what did they read: e-ID, accounts, access and audit."""
