#!/bin/bash
# Once, before Elasticsearch starts: a certificate authority and a certificate. Then, when it answers: who may do what.
set -euo pipefail
certs=/usr/share/elasticsearch/config/certs

if [ ! -f "$certs/ca/ca.crt" ]; then
  bin/elasticsearch-certutil ca --silent --pem --out "$certs/ca.zip"
  unzip -qo "$certs/ca.zip" -d "$certs"
fi
if [ ! -f "$certs/elasticsearch/elasticsearch.crt" ]; then
  bin/elasticsearch-certutil cert --silent --pem --out "$certs/certs.zip" --name elasticsearch \
    --dns elasticsearch --dns elasticsearch-2 --dns elasticsearch-3 --dns localhost --ip 127.0.0.1 --ca-cert "$certs/ca/ca.crt" --ca-key "$certs/ca/ca.key"
  unzip -qo "$certs/certs.zip" -d "$certs"
fi
# Group 0 may read: Elasticsearch, Kibana and Airflow run as users of that group.
chown -R 1000:0 "$certs"
find "$certs" -type d -exec chmod 750 {} +
find "$certs" -type f -exec chmod 640 {} +
chown 1000:0 /usr/share/elasticsearch/snapshots
touch "$certs/ready"

call() {
  curl -sS --fail-with-body --cacert "$certs/ca/ca.crt" -u "elastic:$ELASTIC_PASSWORD" -H 'Content-Type: application/json' "$@"
}
until call -o /dev/null https://elasticsearch:9200/_cluster/health 2>/dev/null; do sleep 3; done

call -X POST https://elasticsearch:9200/_security/user/kibana_system/_password -d "{\"password\": \"$KIBANA_SYSTEM_PASSWORD\"}"
# All that the watch needs, and nothing else.
call -X PUT https://elasticsearch:9200/_security/role/wirewatch -d '{
  "cluster": ["monitor", "manage_index_templates", "cluster:admin/snapshot/*", "cluster:admin/repository/get"],
  "indices": [{"names": ["wirewatch-*"], "privileges": ["read", "write", "create_index", "manage", "view_index_metadata"]}]
}'
call -X PUT https://elasticsearch:9200/_security/user/wirewatch -d "{\"password\": \"$WIREWATCH_ELASTICSEARCH_PASSWORD\", \"roles\": [\"wirewatch\"]}"
# Where `wirewatch elasticsearch snapshot` and, once snapshots.repository names it, the DAG `maintain` put copies.
call -X PUT https://elasticsearch:9200/_snapshot/wirewatch -d '{"type": "fs", "settings": {"location": "wirewatch"}}'
# Under this key kibana-init installs the dashboards: it may write what Kibana's default space holds, and reads no data. A new one every time.
call -X DELETE https://elasticsearch:9200/_security/api_key -d '{"name": "wirewatch-dashboards"}' || true
call -X POST https://elasticsearch:9200/_security/api_key -d '{
  "name": "wirewatch-dashboards",
  "role_descriptors": {"dashboards": {"applications": [
    {"application": "kibana-.kibana", "privileges": ["space_all"], "resources": ["space:default"]}
  ]}}
}' | sed -n 's/.*"encoded":"\([^"]*\)".*/\1/p' > "$certs/kibana-init.key"
chown 1000:0 "$certs/kibana-init.key"
chmod 640 "$certs/kibana-init.key"
echo
echo "Elasticsearch is set up."
