"""Who is signed in, and who may do what."""
