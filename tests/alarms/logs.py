"""Alarm logs as control systems export them: the same three alarms of one pump, in each system's own form."""

from __future__ import annotations

WONDERWARE = """EventStamp,AlarmState,TagName,Description,Area,Type,Value,CheckValue,Priority,Operator
2026-03-10 04:00:01.120,UNACK_ALM,P101.Vib,P-101 vibration,Cooling,HI,7.3,7.1,200,
2026-03-10 04:00:20.000,UNACK_ALM,P101.Flow,P-101 flow,Cooling,LO,120,150,300,
2026-03-10 04:01:00.000,ACK_ALM,P101.Vib,P-101 vibration,Cooling,HI,7.4,7.1,200,miller
2026-03-10 04:05:00.000,ACK_RTN,P101.Vib,P-101 vibration,Cooling,HI,6.9,7.1,200,
"""
IGNITION = """Event Time,Source,Display Path,Event State,Priority,Event Value
2026-03-10T04:00:01Z,prov:default:/tag:Cooling/P101/Vib:/alm:High,,"Active, Unacknowledged",High,7.3
2026-03-10T04:00:20Z,prov:default:/tag:Cooling/P101/Flow:/alm:Low,,"Active, Unacknowledged",Medium,120
2026-03-10T04:01:00Z,prov:default:/tag:Cooling/P101/Vib:/alm:High,,"Active, Acknowledged",High,7.4
2026-03-10T04:05:00Z,prov:default:/tag:Cooling/P101/Vib:/alm:High,,"Cleared, Acknowledged",High,6.9
"""
WINCC = """Nr;Datum;Uhrzeit;Meldetext;Störort;Zustand;Priorität
17;10.03.2026;04:00:01;Vibration zu hoch;P101;K;3
18;10.03.2026;04:00:20;Durchfluss zu niedrig;P101;K;2
17;10.03.2026;04:01:00;Vibration zu hoch;P101;Q;3
17;10.03.2026;04:05:00;Vibration zu hoch;P101;G;3
"""
WINCC_PANEL = """"Time_ms";"MsgProc";"StateAfter";"MsgClass";"MsgNumber";"TimeString";"MsgText";"PLC"
46091166678;1;1;1;17;"10.03.2026 04:00:01";"P101 Vibration HI";"S7"
46091166898;1;1;1;18;"10.03.2026 04:00:20";"P101 Flow LO";"S7"
46091167361;1;3;1;17;"10.03.2026 04:01:00";"P101 Vibration HI";"S7"
46091170139;1;2;1;17;"10.03.2026 04:05:00";"P101 Vibration HI";"S7"
"""
PCS7 = """Date,Time,Priority,Source,Event,Status,Area,Type
2026-03-10,04:00:01,8,P101/Vib,$$High alarm,C,Cooling,Alarm - high
2026-03-10,04:00:20,4,P101/Flow,Low alarm,C,Cooling,Alarm - low
2026-03-10,04:01:00,8,P101/Vib,$$High alarm,A,Cooling,Alarm - high
2026-03-10,04:05:00,8,P101/Vib,$$High alarm,G,Cooling,Alarm - high
"""
DELTAV = """Date/Time,Event Type,Category,Area,Node,Unit,Module,Module Description,Attribute,State,Level,Desc1,Desc2
3/10/2026 4:00:01 AM,ALARM,PROCESS,COOLING,CTLR1,U1,P101,Pump 1 vibration,HI_ALM,ACT/UNACK,11-WARNING,HIGH,High Alarm Value 7.3 Limit 7.1
3/10/2026 4:00:20 AM,ALARM,PROCESS,COOLING,CTLR1,U1,P101,Pump 1 flow,LO_ALM,ACT/UNACK,11-WARNING,LOW,Low Alarm Value 120 Limit 150
3/10/2026 4:00:30 AM,CHANGE,USER,COOLING,CTLR1,U1,P101,Pump 1,SP,,4-INFO,miller,NEW VALUE = 5
3/10/2026 4:01:00 AM,ALARM,PROCESS,COOLING,CTLR1,U1,P101,Pump 1 vibration,HI_ALM,ACT/ACK,11-WARNING,HIGH,High Alarm Value 7.4 Limit 7.1
3/10/2026 4:05:00 AM,ALARM,PROCESS,COOLING,CTLR1,U1,P101,Pump 1 vibration,HI_ALM,INACT/ACK,11-WARNING,HIGH,High Alarm Value 6.9 Limit 7.1
"""
SPANS = """equipment_id,alarm_name,start_time,ack_time,end_time
P101,Vibration HI,2026-03-10 04:00:01,2026-03-10 04:01:00,2026-03-10 04:05:00
P101,Flow LO,2026-03-10 04:00:20,,
"""
ALL = {
    "wonderware": WONDERWARE, "ignition": IGNITION, "wincc": WINCC, "wincc_panel": WINCC_PANEL, "pcs7": PCS7, "deltav": DELTAV,
    "spans": SPANS,
}  # fmt: skip
