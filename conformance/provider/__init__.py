"""The scripted provider: one process that speaks every vendor's dialect and refuses what the vendor would."""
