"""Classes of log lines: small linear models over words, character n-grams, the rule table and sentence embeddings."""
