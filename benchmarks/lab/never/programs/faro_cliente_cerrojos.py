"""A console session that took locks for the stock count."""
import sys
import time

from kazoo.client import KazooClient

zk = KazooClient(hosts=sys.argv[1], timeout=10.0)
zk.start()
locks = [zk.Lock(f"/cerrojos/muelle-{i}", "consola") for i in range(int(sys.argv[2]))]
for x in locks:
    x.acquire()
while True:
    time.sleep(60)
