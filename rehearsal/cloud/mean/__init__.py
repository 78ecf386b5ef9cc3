"""A cloud that takes the freedoms which AWS's documentation gives it: `python -m rehearsal up --mean SEED`.

What works here does not lean on how friendly the rehearsal usually is. docs/mean-cloud.md says which freedoms
are taken, and where AWS documents each.
"""
