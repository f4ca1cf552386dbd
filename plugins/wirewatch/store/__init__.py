"""The only store: Elasticsearch, behind one protocol and a repository for each kind of document."""
