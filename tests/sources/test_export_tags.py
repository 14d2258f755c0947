"""Layouts and tags as many programs write them: which machine, quantity and unit each series has, read without an option."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from aitia.core.words import Window, from_epoch

from .exported import source

N = 20
WINDOW = Window(start=from_epoch(0), end=from_epoch(4.1e9))
START = datetime(2026, 3, 9, 18)


def fmt(pattern: str, step: float = 60) -> Callable[[int], str]:
    return lambda n: (START + timedelta(seconds=step * n)).strftime(pattern)


iso = fmt("%Y-%m-%d %H:%M:%S")


def c(value: float) -> str:
    return f"{value:.2f}".replace(".", ",")


def wide(
    head: str,
    k: int,
    t: Callable[[int], str] = iso,
    sep: str = ",",
    num: Callable[[float], str] = lambda v: f"{v:.2f}",
    pre: str = "",
) -> str:
    return (
        pre
        + head
        + "\n"
        + "\n".join(
            sep.join([t(n)] + [num(10.0 * (j + 1) + 0.5 * n + 0.01) for j in range(k)]) for n in range(N)
        )
        + "\n"
    )


def longf(head: str, tags: list[str], line: Callable[[int, str, float], str]) -> str:
    return (
        head
        + "\n"
        + "\n".join(line(n, tag, 10.0 * (j + 1) + 0.5 * n) for n in range(N) for j, tag in enumerate(tags))
        + "\n"
    )


LAYOUTS = [
    (
        "toa5",
        "cr.dat",
        wide(
            '"TIMESTAMP","RECORD","Pump1_Flow","Pump1_Temp","Pump2_Flow"\n"TS","RN","m3/h","Deg C","m3/h"\n"","","Avg","Avg","Avg"',
            4,
            t=lambda n: '"' + iso(n) + '"',
            pre='"TOA5","CR1000X","CR1000X","12345","CR1000X.Std.03.02","CPU:prog.CR1X","1234","Table1"\n',
        ),
        [("Pump1", "flow", "m3/h"), ("Pump1", "temperature", "Deg C"), ("Pump2", "flow", "m3/h")],
    ),
    (
        "kks",
        "k.csv",
        wide(
            "Zeit;10LAC10CP001 XQ01;10LAC10CT001 XQ01;10LAC10AP001 XQ50;10LAC20CF001 XQ01\n;bar;°C;A;t/h",
            4,
            sep=";",
            num=c,
            t=fmt("%d.%m.%Y %H:%M:%S"),
        ),
        [
            ("10LAC10AP001", "pressure", "bar"),
            ("10LAC10AP001", "temperature", "°C"),
            ("10LAC10AP001", "current", "A"),
            ("10LAC20", "flow", "t/h"),
        ],
    ),
    (
        "isa desc",
        "i.csv",
        wide(
            "Tag,FT-1101,PT-1102,TT-1103,VT-1104\nDescription,P-1101A discharge flow,P-1101A discharge pressure,P-1101A bearing temperature DE,P-1101A vibration DE\nUnits,m3/h,barg,degC,mm/s",
            4,
        ),
        [
            ("P-1101A", "flow", "m3/h"),
            ("P-1101A", "pressure", "barg"),
            ("P-1101A", "temperature", "degC"),
            ("P-1101A", "vibration", "mm/s"),
        ],
    ),
    (
        "wind",
        "w.csv",
        wide(
            "Timestamp;WEA01 Windgeschwindigkeit (m/s);WEA01 Rotordrehzahl (rpm);WEA01 Leistung (kW);WEA02 Getriebeöltemperatur (°C)",
            4,
            sep=";",
            num=c,
            t=fmt("%d.%m.%Y %H:%M"),
        ),
        [
            ("WEA01", "speed", "m/s"),
            ("WEA01", "speed", "rpm"),
            ("WEA01", "power", "kW"),
            ("WEA02", "temperature", "°C"),
        ],
    ),
    (
        "iec61850",
        "e.csv",
        wide(
            "time,IED1LD0/MMXU1.TotW.mag.f,IED1LD0/MMXU1.PhV.phsA.cVal.mag.f,IED1LD0/MMXU1.Hz.mag.f,IED2LD0/MMXU1.A.phsA.cVal.mag.f",
            4,
        ),
        [
            ("IED1LD0", "power", ""),
            ("IED1LD0", "voltage", ""),
            ("IED1LD0", "frequency", ""),
            ("IED2LD0", "current", ""),
        ],
    ),
    (
        "ignition wide",
        "g.csv",
        wide(
            "t_stamp,[default]Site/Area 1/Pump 3/Flow,[default]Site/Area 1/Pump 3/Motor/Current,[default]Site/Area 2/Fan 7/Vibration DE",
            3,
        ),
        [("Pump 3", "flow", ""), ("Pump 3", "current", ""), ("Fan 7", "vibration", "")],
    ),
    (
        "twincat",
        "t.csv",
        wide("Time;GVL.stPump1.rTemp;GVL.stPump1.rPressure;GVL.stPump2.rTemp", 3, sep=";", num=c),
        [("stPump1", "temperature", ""), ("stPump1", "pressure", ""), ("stPump2", "temperature", "")],
    ),
    (
        "af path",
        "a.csv",
        longf(
            "Attribute,Timestamp,Value,UOM",
            [
                r"\\AF01\Plant\Utilities\P-205|Discharge Pressure",
                r"\\AF01\Plant\Utilities\P-205|Motor Current",
            ],
            lambda n, t, v: f"{t},{iso(n)},{v},{'bar' if 'Press' in t else 'A'}",
        ),
        [("P-205", "pressure", "bar"), ("P-205", "current", "A")],
    ),
    (
        "sap",
        "s.csv",
        wide(
            "Zeitpunkt;DE01-UT-P0101-FLOW;DE01-UT-P0101-TEMP-DE;DE01-UT-P0102-FLOW",
            3,
            sep=";",
            num=c,
            t=fmt("%d.%m.%Y %H:%M:%S"),
        ),
        [("DE01-UT-P0101", "flow", ""), ("DE01-UT-P0101", "temperature", ""), ("DE01-UT-P0102", "flow", "")],
    ),
    (
        "spanish",
        "sp.csv",
        wide(
            "Fecha y hora;Bomba 1 Caudal (m3/h);Bomba 1 Presión descarga (bar);Bomba 2 Corriente motor (A);Bomba 2 Vibración (mm/s)",
            4,
            sep=";",
            num=c,
            t=fmt("%d/%m/%Y %H:%M:%S"),
        ),
        [
            ("Bomba 1", "flow", "m3/h"),
            ("Bomba 1", "pressure", "bar"),
            ("Bomba 2", "current", "A"),
            ("Bomba 2", "vibration", "mm/s"),
        ],
    ),
    (
        "haystack",
        "hs.csv",
        wide(
            "ts,ahu1_discharge_air_temp_sensor,ahu1_supply_fan_speed_cmd,ahu2_return_air_humidity_sensor,ahu2_static_pressure",
            4,
        ),
        [
            ("ahu1", "temperature", ""),
            ("ahu1", "speed|state|setting", ""),
            ("ahu2", "humidity", ""),
            ("ahu2", "pressure", ""),
        ],
    ),
    (
        "bacnet2",
        "b2.csv",
        wide("Timestamp,AHU-1_SAT,AHU-1_RAT,VAV-2-01.ZN-T,VAV-2-01.DMPR-POS", 4),
        [
            ("AHU-1", "temperature", ""),
            ("AHU-1", "temperature", ""),
            ("VAV-2-01", "temperature", ""),
            ("VAV-2-01", "position", ""),
        ],
    ),
    (
        "underscore",
        "u.csv",
        wide(
            "Timestamp,PUMP01_Vib_DE,PUMP01_Vib_NDE,PUMP01_Motor_Current,PUMP02_Bearing_Temp_DE,PUMP02_Suction_Pressure",
            5,
        ),
        [
            ("PUMP01", "vibration", ""),
            ("PUMP01", "vibration", ""),
            ("PUMP01", "current", ""),
            ("PUMP02", "temperature", ""),
            ("PUMP02", "pressure", ""),
        ],
    ),
    (
        "deltav",
        "d.csv",
        wide(
            "Date/Time,P-101/FIC-101/PID1/PV.CV,P-101/PI-102/AI1/PV.CV,K-201/TI-201/AI1/PV.CV",
            3,
            t=fmt("%m/%d/%Y %I:%M:%S %p"),
        ),
        [("P-101", "flow", ""), ("P-101", "pressure", ""), ("K-201", "temperature", "")],
    ),
    (
        "wwide quality",
        "q.csv",
        "DateTime,P1_Flow.Value,P1_Flow.Quality,P1_Temp.Value,P1_Temp.Quality\n"
        + "\n".join(
            f"{iso(n)},{10 + n * 0.5},Good,{50 + n * 0.5},{'Bad' if n == 3 else 'Good'}" for n in range(N)
        ),
        [("P1", "flow", ""), ("P1", "temperature", "")],
    ),
    (
        "per asset unit col",
        "pa.csv",
        "Timestamp,Equipment,Parameter,Value,Unit\n"
        + "\n".join(
            f"{iso(n)},{a},{p},{v + n * 0.1:.2f},{u}"
            for n in range(N)
            for a in ("Pump A", "Pump B")
            for p, v, u in (("Flow", 20, "m3/h"), ("Discharge pressure", 5, "bar"))
        ),
        [
            ("Pump A", "flow", "m3/h"),
            ("Pump A", "pressure", "bar"),
            ("Pump B", "flow", "m3/h"),
            ("Pump B", "pressure", "bar"),
        ],
    ),
    (
        "dutch",
        "nl.csv",
        wide(
            "Datum;Tijd;Pomp 1 debiet (m3/h);Pomp 1 druk (bar);Pomp 2 temperatuur (°C)",
            3,
            sep=";",
            num=c,
            t=fmt("%d-%m-%Y;%H:%M"),
        ),
        [("Pomp 1", "flow", "m3/h"), ("Pomp 1", "pressure", "bar"), ("Pomp 2", "temperature", "°C")],
    ),
    (
        "oneasset",
        "P-101 trend.csv",
        wide("Timestamp,Flow (m3/h),Discharge pressure (bar),Motor current (A),Bearing temp DE (°C)", 4),
        [
            ("P-101", "flow", "m3/h"),
            ("P-101", "pressure", "bar"),
            ("P-101", "current", "A"),
            ("P-101", "temperature", "°C"),
        ],
    ),
    (
        "preasset",
        "trend.csv",
        wide(
            "Timestamp,Flow (m3/h),Discharge pressure (bar),Motor current (A)",
            3,
            pre="Equipment: P-101A Cooling water pump\nPlant: North\nPeriod: 2026-03-09 18:00 - 2026-03-09 19:00\n\n",
        ),
        [("P-101A", "flow", "m3/h"), ("P-101A", "pressure", "bar"), ("P-101A", "current", "A")],
    ),
    (
        "section asset",
        "sec.csv",
        wide("Time,Flow,Temp\n,m3/h,degC", 2, pre="Asset,P-101\n")
        + "\n"
        + wide("Time,Flow,Temp\n,m3/h,degC", 2, pre="Asset,P-102\n"),
        [
            ("P-101", "flow", "m3/h"),
            ("P-101", "temperature", "degC"),
            ("P-102", "flow", "m3/h"),
            ("P-102", "temperature", "degC"),
        ],
    ),
    (
        "twolevel",
        "tl.csv",
        wide(",P-101,P-101,P-102,P-102\nTimestamp,Flow,Pressure,Flow,Pressure\n,m3/h,bar,m3/h,bar", 4),
        [
            ("P-101", "flow", "m3/h"),
            ("P-101", "pressure", "bar"),
            ("P-102", "flow", "m3/h"),
            ("P-102", "pressure", "bar"),
        ],
    ),
    (
        "headerless long",
        "hl.csv",
        "\n".join(
            f"{iso(n)},{t},{v + n * 0.5}"
            for n in range(N)
            for t, v in (("P-101.FLOW", 10), ("P-101.TEMP", 50))
        ),
        [("P-101", "flow", ""), ("P-101", "temperature", "")],
    ),
    (
        "headerless wide",
        "FIC101.csv",
        "\n".join(f"{iso(n)};{c(10 + n * 0.5)}" for n in range(N)),
        [("101|FIC101", "flow", "")],
    ),
    (
        "semicol thousands",
        "st.csv",
        wide(
            "Date;K-201 Speed rpm;K-201 Power kW",
            2,
            sep=";",
            num=lambda v: f"{v * 1000:,.1f}".replace(",", "X").replace(".", ",").replace("X", "."),
            t=fmt("%d.%m.%Y %H:%M"),
        ),
        [("K-201", "speed", "rpm"), ("K-201", "power", "kW")],
    ),
    (
        "loop",
        "lp.csv",
        wide("Time,FIC3301.PV,FIC3301.SP,FIC3301.OP,TI3302.PV,PI3303.PV", 5),
        [
            ("FIC3301", "flow", ""),
            ("FIC3301", "setting", ""),
            ("FIC3301", "position", ""),
            ("TI3302", "temperature", ""),
            ("PI3303", "pressure", ""),
        ],
    ),
    (
        "area loops",
        "al.csv",
        wide("Time,41-FT-101A.PV,41-PT-101A.PV,41-P-101A.RUN,41-TT-205.PV", 4),
        [
            ("41-P-101A", "flow", ""),
            ("41-P-101A", "pressure", ""),
            ("41-P-101A", "state", ""),
            ("41-TT-205", "temperature", ""),
        ],
    ),
    (
        "plus S1",
        "+.csv",
        wide("Time;+S1.AP001.Druck;+S1.AP001.Durchfluss;+S1.AP002.Druck", 3, sep=";", num=c),
        [("+S1.AP001", "pressure", ""), ("+S1.AP001", "flow", ""), ("+S1.AP002", "pressure", "")],
    ),
    (
        "opcua ns",
        "ou.csv",
        longf(
            "SourceTimestamp;NodeId;Value;StatusCode",
            ["ns=2;s=Line1.Mixer2.MotorTemp", "ns=2;s=Line1.Mixer2.Speed"],
            lambda n, t, v: f'{iso(n)};"{t}";{v};0x00000000 (Good)',
        ),
        [("Mixer2", "temperature", ""), ("Mixer2", "speed", "")],
    ),
    (
        "mqtt topics",
        "mq.csv",
        longf(
            "time,topic,payload",
            ["factory/hall3/compressor-2/outlet_pressure_bar", "factory/hall3/compressor-2/oil_temp_c"],
            lambda n, t, v: f"{1773079200000 + n * 60000},{t},{v}",
        ),
        [("compressor-2", "pressure", "bar"), ("compressor-2", "temperature", "c")],
    ),
    (
        "node red json-ish",
        "nr.csv",
        "timestamp,device,pressure,temperature,vibration\n"
        + "\n".join(
            f"{1773079200 + n * 10},{d},{5 + n * 0.1:.2f},{60 + n * 0.1:.2f},{2 + n * 0.01:.3f}"
            for n in range(N)
            for d in ("comp1", "comp2")
        ),
        [
            ("comp1", "pressure", ""),
            ("comp1", "temperature", ""),
            ("comp1", "vibration", ""),
            ("comp2", "pressure", ""),
            ("comp2", "temperature", ""),
            ("comp2", "vibration", ""),
        ],
    ),
    (
        "solar",
        "so.csv",
        wide(
            "Time;Inverter 1 AC power [W];Inverter 1 DC voltage [V];Inverter 2 AC power [W];Inverter 2 Temperature [°C]",
            4,
            sep=";",
        ),
        [
            ("Inverter 1", "power", "W"),
            ("Inverter 1", "voltage", "V"),
            ("Inverter 2", "power", "W"),
            ("Inverter 2", "temperature", "°C"),
        ],
    ),
    (
        "japanese time",
        "jp.csv",
        wide("日時,ポンプ1 流量(L/min),ポンプ1 温度(℃)", 2, t=fmt("%Y/%m/%d %H:%M:%S")),
        [("ポンプ1", "flow", "L/min"), ("ポンプ1", "temperature", "℃")],
    ),
    (
        "kibana",
        "k.csv",
        wide(
            '"@timestamp","pump1.flow","pump1.temp"',
            2,
            t=lambda n: '"' + fmt("%b %d, %Y @ %H:%M:%S.000")(n) + '"',
        ),
        [("pump1", "flow", ""), ("pump1", "temperature", "")],
    ),
    (
        "sql dump",
        "s.txt",
        " tag | ts | value \n-----+-----+------\n"
        + "\n".join(f" P-101.Flow | {iso(n)} | {10 + n} " for n in range(N))
        + "\n(20 rows)\n",
        [("P-101", "flow", "")],
    ),
    (
        "jsonl",
        "j.jsonl",
        "\n".join(
            json.dumps(
                {"ts": 1773079200000 + n * 1000, "asset": a, "values": {"flow": 10 + n, "temp": 50.5 + n}}
            )
            for n in range(N)
            for a in ("P1", "P2")
        ),
        [("P1", "flow", ""), ("P1", "temperature", ""), ("P2", "flow", ""), ("P2", "temperature", "")],
    ),
    (
        "ymd",
        "y.csv",
        wide("Year,Month,Day,Hour,Minute,Pump1_Flow,Pump1_Temp", 2, t=fmt("%Y,%m,%d,%H,%M")),
        [("Pump1", "flow", ""), ("Pump1", "temperature", "")],
    ),
    (
        "hour",
        "h.csv",
        wide(
            "Datum;Stunde;Kessel 1 Temperatur (°C);Kessel 1 Druck (bar)",
            2,
            sep=";",
            num=c,
            t=fmt("%d.%m.%Y;%H", 3600),
        ),
        [("Kessel 1", "temperature", "°C"), ("Kessel 1", "pressure", "bar")],
    ),
    (
        "cnc",
        "c.csv",
        wide(
            "timestamp;CNC04/Spindle/Load [%];CNC04/Spindle/Speed [1/min];CNC04/X/Position [mm];CNC05/Spindle/Temp [°C]",
            4,
            sep=";",
        ),
        [
            ("CNC04", "power|force", "%"),
            ("CNC04", "speed", "1/min"),
            ("CNC04", "position", "mm"),
            ("CNC05", "temperature", "°C"),
        ],
    ),
    (
        "desc only",
        "do.csv",
        wide(
            "Timestamp,Feed water pump A discharge pressure [bar],Feed water pump A motor current [A],Feed water pump B discharge pressure [bar]",
            3,
        ),
        [
            ("Feed water pump A", "pressure", "bar"),
            ("Feed water pump A", "current", "A"),
            ("Feed water pump B", "pressure", "bar"),
        ],
    ),
    (
        "brackets asset",
        "ba.csv",
        wide("Timestamp,Flow (P-101),Pressure (P-101),Flow (P-102)", 3),
        [("P-101", "flow", ""), ("P-101", "pressure", ""), ("P-102", "flow", "")],
    ),
    (
        "asset last",
        "as.csv",
        wide("Timestamp,Flow_P101,Temp_P101,Flow_P102", 3),
        [("P101", "flow", ""), ("P101", "temperature", ""), ("P102", "flow", "")],
    ),
    (
        "dash desc",
        "dd.csv",
        wide(
            "Timestamp,FIC-2001.PV - Feed flow to R-201 (kg/h),TIC-2002.PV - R-201 jacket temperature (°C)", 2
        ),
        [("R-201", "flow", "kg/h"), ("R-201", "temperature", "°C")],
    ),
    (
        "system1",
        "sy.csv",
        longf(
            "Machine Train,Point,Timestamp,Variable,Amplitude,Units",
            ["x"],
            lambda n, t, v: (
                f"K-1001 Compressor,1X Inboard,{iso(n)},Direct,{v},mil pp\nK-1001 Compressor,1Y Inboard,{iso(n)},Direct,{v + 1},mil pp"
            ),
        ),
        [("K-1001 Compressor", "vibration", "mil pp"), ("K-1001 Compressor", "vibration", "mil pp")],
    ),
    (
        "ha",
        "ha.csv",
        "entity_id,state,last_changed\n"
        + "\n".join(
            f"sensor.heat_pump_{s},{v + n * 0.1:.1f},{iso(n).replace(' ', 'T')}.000Z"
            for n in range(N)
            for s, v in (("flow_temperature", 40), ("power", 2000))
        ),
        [
            ("heat_pump|sensor.heat_pump|heat pump", "temperature", ""),
            ("heat_pump|sensor.heat_pump|heat pump", "power", ""),
        ],
    ),
    (
        "timescale",
        "ts.csv",
        "bucket,sensor_id,avg,min,max\n"
        + "\n".join(f"{iso(n)}+00,chiller2_supply_temp,{6 + n * 0.1:.1f},{5},{8}" for n in range(N)),
        [("chiller2", "temperature", "")],
    ),
    (
        "month name de",
        "mn.csv",
        wide(
            "Zeit;Mühle 3 Drehzahl [1/min];Mühle 3 Leistung [kW]",
            2,
            sep=";",
            num=c,
            t=fmt("%d. März 2026 %H:%M:%S"),
        ),
        [("Mühle 3", "speed", "1/min"), ("Mühle 3", "power", "kW")],
    ),
    (
        "us gpm",
        "us.csv",
        wide(
            "Timestamp,P-12A Flow GPM,P-12A Disch PSIG,P-12A Motor AMPS,P-12A Brg Temp DEGF",
            4,
            t=fmt("%m/%d/%y %H:%M"),
        ),
        [
            ("P-12A", "flow", "GPM"),
            ("P-12A", "pressure", "PSIG"),
            ("P-12A", "current", "AMPS"),
            ("P-12A", "temperature", "DEGF"),
        ],
    ),
    (
        "hyphen levels",
        "hl.csv",
        wide("Timestamp,U100-P101A-FLOW,U100-P101A-TEMP,U100-E201-DP", 3),
        [
            ("U100-P101A|P101A", "flow", ""),
            ("U100-P101A|P101A", "temperature", ""),
            ("U100-E201|E201", "pressure", ""),
        ],
    ),
    (
        "camel",
        "ca.csv",
        wide("Timestamp,Pump1DischargePressure,Pump1MotorCurrent,Pump2DischargePressure", 3),
        [("Pump1", "pressure", ""), ("Pump1", "current", ""), ("Pump2", "pressure", "")],
    ),
    (
        "fr",
        "fr.csv",
        wide(
            "Horodatage;Pompe 2 Débit (m3/h);Pompe 2 Pression refoulement (bar);Ventilateur 3 Vitesse (tr/min);Ventilateur 3 Intensité (A)",
            4,
            sep=";",
            num=c,
            t=fmt("%d/%m/%Y %H:%M:%S"),
        ),
        [
            ("Pompe 2", "flow", "m3/h"),
            ("Pompe 2", "pressure", "bar"),
            ("Ventilateur 3", "speed", "tr/min"),
            ("Ventilateur 3", "current", "A"),
        ],
    ),
    (
        "it",
        "it.csv",
        wide(
            "Data e ora;Pompa 1 Portata (l/min);Pompa 1 Pressione mandata (bar);Pompa 2 Temperatura cuscinetto (°C)",
            3,
            sep=";",
            num=c,
            t=fmt("%d/%m/%Y %H:%M"),
        ),
        [("Pompa 1", "flow", "l/min"), ("Pompa 1", "pressure", "bar"), ("Pompa 2", "temperature", "°C")],
    ),
    (
        "pt",
        "pt.csv",
        wide(
            "Data/Hora;Bomba B-101 Vazão (m³/h);Bomba B-101 Pressão (bar);Motor M-101 Corrente (A)",
            3,
            sep=";",
            num=c,
            t=fmt("%d/%m/%Y %H:%M:%S"),
        ),
        [
            ("Bomba B-101|B-101", "flow", "m³/h"),
            ("Bomba B-101|B-101", "pressure", "bar"),
            ("Motor M-101|M-101", "current", "A"),
        ],
    ),
    (
        "cz",
        "cz.csv",
        wide(
            "Čas;Čerpadlo 1 průtok [m3/h];Čerpadlo 1 tlak [bar];Ventilátor 2 otáčky [1/min]",
            3,
            sep=";",
            num=c,
            t=fmt("%d.%m.%Y %H:%M:%S"),
        ),
        [
            ("Čerpadlo 1", "flow", "m3/h"),
            ("Čerpadlo 1", "pressure", "bar"),
            ("Ventilátor 2", "speed", "1/min"),
        ],
    ),
    (
        "russian",
        "ru.csv",
        wide(
            "Время;Насос 1 Расход (м3/ч);Насос 1 Давление (бар);Насос 2 Температура (°C)",
            3,
            sep=";",
            num=c,
            t=fmt("%d.%m.%Y %H:%M:%S"),
        ),
        [("Насос 1", "flow", "м3/ч"), ("Насос 1", "pressure", "бар"), ("Насос 2", "temperature", "°C")],
    ),
    (
        "dup header",
        "dh.csv",
        wide("Time,Flow,Pressure,Flow,Pressure\n,P-101,P-101,P-102,P-102", 4),
        [("P-101", "flow", ""), ("P-101", "pressure", ""), ("P-102", "flow", ""), ("P-102", "pressure", "")],
    ),
    (
        "quality code cols",
        "qc.csv",
        "Time,TT101,Quality,PT101,Quality\n"
        + "\n".join(f"{iso(n)},{50 + n},192,{5 + n * 0.1:.1f},{0 if n == 2 else 192}" for n in range(N)),
        [("101", "temperature", ""), ("101", "pressure", "")],
    ),
]


@pytest.mark.parametrize(
    ("file", "text", "wanted"), [row[1:] for row in LAYOUTS], ids=[row[0] for row in LAYOUTS]
)
def test_each_series_has_its_machine_quantity_and_unit(
    tmp_path: Path, file: str, text: str, wanted: list[tuple[str, str, str]]
) -> None:
    path = tmp_path / file
    path.write_text(text, encoding="utf-8")
    found = source(path).read(WINDOW)
    left = [(s.component, s.metadata.quantity, s.metadata.unit) for s in found]
    for asset, quantity, unit in wanted:
        assets = (asset or "").split("|")
        hit = next(
            (
                g
                for g in left
                if (asset is None or g[0] in assets) and g[1] in quantity.split("|") and g[2] == unit
            ),
            None,
        )
        assert hit is not None, (asset, quantity, unit, left)
        left.remove(hit)
    assert not left
    assert all(
        int(np.isfinite(s.v).sum()) >= N - 1 and abs(float(s.t[0]) - 1773079200.0) < 1e-3 for s in found
    )
