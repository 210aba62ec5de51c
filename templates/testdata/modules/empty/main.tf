# A module without outputs.
