"""Everything with weights: catalogue and verified fetch, runtimes, embeddings."""
