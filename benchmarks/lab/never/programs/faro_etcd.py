"""Small client of etcd's JSON gateway, shared by portal, plan and obrero."""
import base64
import http.client
import json
import logging
import queue
import threading

log = logging.getLogger("etcd")


class EtcdError(Exception):
    pass


def b64(text):
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def after(prefix):
    raw = prefix.encode()
    return raw[:-1] + bytes([raw[-1] + 1])


class Etcd:
    def __init__(self, endpoints, user, password, timeout=2.0, rotate=False):
        self.endpoints = endpoints.split(",")
        self.user, self.password, self.timeout, self.rotate = user, password, timeout, rotate
        self.now = 0
        self.token = None
        self.idle = {e: queue.LifoQueue() for e in self.endpoints}
        self.mutex = threading.Lock()

    def _once(self, endpoint, path, body, token):
        try:
            con = self.idle[endpoint].get_nowait()
        except queue.Empty:
            con = http.client.HTTPConnection(endpoint, timeout=self.timeout)
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = token
        try:
            con.request("POST", path, json.dumps(body), headers)
            answer = con.getresponse()
            raw = answer.read()
        except BaseException:
            con.close()
            raise
        self.idle[endpoint].put(con)
        data = json.loads(raw) if raw else {}
        if answer.status != 200:
            raise EtcdError(f"{answer.status} {data.get('message') or data.get('error') or raw[:200]!r}")
        return data

    def _login(self, endpoint):
        self.token = self._once(endpoint, "/v3/auth/authenticate", {"name": self.user, "password": self.password}, None)["token"]

    def call(self, path, body):
        last = None
        for i in range(len(self.endpoints)):
            with self.mutex:
                if self.rotate and not i:
                    self.now += 1
                endpoint = self.endpoints[self.now % len(self.endpoints)]
            try:
                if self.token is None:
                    self._login(endpoint)
                try:
                    return self._once(endpoint, path, body, self.token)
                except EtcdError as e:
                    if "invalid auth token" not in str(e) and "old revision" not in str(e):
                        raise
                    self._login(endpoint)
                    return self._once(endpoint, path, body, self.token)
            except EtcdError as e:
                if "no leader" not in str(e) and "timed out" not in str(e) and "leader changed" not in str(e) and "deadline" not in str(e):
                    raise
                last = e
            except (OSError, http.client.HTTPException) as e:
                last = e
            log.warning("%s en %s: %r, paso al siguiente", path, endpoint, last)
            with self.mutex:
                self.now += 1
        raise last

    def get(self, key):
        kvs = self.call("/v3/kv/range", {"key": b64(key)}).get("kvs", [])
        return base64.b64decode(kvs[0].get("value", "")).decode() if kvs else None

    def list(self, prefix, limit=0):
        r = self.call("/v3/kv/range", {"key": b64(prefix), "range_end": b64(after(prefix)), "limit": limit})
        return [(base64.b64decode(k["key"]).decode(), base64.b64decode(k.get("value", "")).decode()) for k in r.get("kvs", [])]

    def count(self, prefix):
        return int(self.call("/v3/kv/range", {"key": b64(prefix), "range_end": b64(after(prefix)), "count_only": True}).get("count", 0))

    def put(self, key, value, lease=None):
        body = {"key": b64(key), "value": b64(value)}
        if lease:
            body["lease"] = lease
        return self.call("/v3/kv/put", body)

    def delete(self, key):
        return self.call("/v3/kv/deleterange", {"key": b64(key)})

    def lease(self, ttl):
        return self.call("/v3/lease/grant", {"TTL": ttl})["ID"]

    def keep(self, lease):
        return int(self.call("/v3/lease/keepalive", {"ID": lease}).get("result", {}).get("TTL", 0)) > 0

    def create(self, key, value, lease):
        r = self.call("/v3/kv/txn", {"compare": [{"key": b64(key), "target": "CREATE", "create_revision": "0"}],
                                     "success": [{"requestPut": {"key": b64(key), "value": b64(value), "lease": lease}}]})
        return bool(r.get("succeeded"))

    def move(self, src, dst, value):
        r = self.call("/v3/kv/txn", {"compare": [{"key": b64(src), "target": "CREATE", "result": "GREATER", "create_revision": "0"}],
                                     "success": [{"requestPut": {"key": b64(dst), "value": b64(value)}}, {"requestDeleteRange": {"key": b64(src)}}]})
        return bool(r.get("succeeded"))
