"""The condition of all assets of a site: found, judged in parallel, kept, and ranked by risk and consequence."""
