"""How descriptions are compared: paths, events, order."""

from __future__ import annotations

from benchmarks.lab.cluster_fields import KINDS, events, kind_of, order_agreement, paths

POD = """Name:             cart-5c7f46fc47-wbmlc
Labels:           app=cart
                  tier: x
Containers:
  server:
    Image:          cart:1
    State:          Waiting
      Reason:       CrashLoopBackOff
    Limits:
      cpu:     200m
Conditions:
  Type           Status
  Ready          False
Node-Selectors:  <none>
Events:
  Type     Reason     Age                From               Message
  ----     ------     ----               ----               -------
  Normal   Scheduled  2m5s               default-scheduler  Successfully assigned shop/cart to w1
  Warning  BackOff    10s (x4 over 95s)  kubelet            Back-off restarting failed container server
"""


def test_paths_leave_out_a_sites_own_names() -> None:
    found = paths("pods", POD)
    assert {
        "pods/Containers/*/State/Reason",
        "pods/Containers/*/Limits",
        "pods/Conditions/Ready",
        "pods/Labels",
    } <= found
    assert not {p for p in found if "server" in p or "cpu" in p or "tier" in p}
    assert kind_of(POD) == "pods"


def test_events_tell_when_they_were_first_seen() -> None:
    assert list(events(POD)) == [("Scheduled", 125.0), ("BackOff", 95.0)]


def test_order_agrees_where_the_same_comes_first() -> None:
    theirs = [[("Scheduled", 100.0), ("BackOff", 50.0)]]
    assert order_agreement(theirs, [[("Scheduled", 9.0), ("BackOff", 3.0)]]) == {"Scheduled < BackOff": 1.0}
    assert order_agreement(theirs, [[("Scheduled", 3.0), ("BackOff", 9.0)]]) == {"Scheduled < BackOff": 0.0}
    assert order_agreement(theirs, [[("Scheduled", 3.0), ("BackOff", 3.0)]]) == {"Scheduled < BackOff": 0.5}
    assert order_agreement(theirs, [[("Scheduled", 3.0)]]) == {}
    assert (
        order_agreement([[("Scheduled", 51.0), ("BackOff", 50.0)]], [[("Scheduled", 9.0), ("BackOff", 3.0)]])
        == {}
    )


def test_fifteen_kinds_of_recorded_faults_or_more_are_compared() -> None:
    assert len(KINDS) >= 15
