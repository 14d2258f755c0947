// hub: nadania, odbiory i stan skrytek
//go:debug httpmuxgo121=0
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/rand"
	"net"
	"net/http"
	"os"
	"sort"
	"strings"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

var (
	mu     sync.Mutex
	licz   = map[string]float64{}
	czekaj = map[string]chan bool{}
	klient = &http.Client{Timeout: 4 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 8, MaxConnsPerHost: 24}}
	ostatni = time.Now()
)

func dodaj(n string, v float64) { mu.Lock(); licz[n] += v; mu.Unlock() }

func sluchacz() *http.Client {
	if os.Getenv("HUB_TRANSPORT") == "izolowany" {
		return &http.Client{Timeout: 4 * time.Second, Transport: &http.Transport{}}
	}
	return klient
}

func stan(op string, in map[string]string) (map[string]any, error) {
	b, _ := json.Marshal(in)
	t := time.Now()
	r, err := sluchacz().Post("http://"+os.Getenv("HUB_STAN")+"/v3/kv/"+op, "application/json", bytes.NewReader(b))
	if err != nil {
		dodaj(`hub_etcd_zapytania_total{op="`+op+`",wynik="blad"}`, 1)
		return nil, err
	}
	defer r.Body.Close()
	c, _ := io.ReadAll(r.Body)
	dodaj("hub_etcd_sekundy_total", time.Since(t).Seconds())
	if r.StatusCode != 200 {
		dodaj(`hub_etcd_zapytania_total{op="`+op+`",wynik="blad"}`, 1)
		var m struct{ Message string }
		json.Unmarshal(c, &m)
		return nil, fmt.Errorf("etcd %d: %s", r.StatusCode, m.Message)
	}
	dodaj(`hub_etcd_zapytania_total{op="`+op+`",wynik="ok"}`, 1)
	var o map[string]any
	return o, json.Unmarshal(c, &o)
}
func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

var bmu sync.Mutex
var bean net.Conn
var beanR *bufio.Reader

func sms(t string) error {
	bmu.Lock()
	defer bmu.Unlock()
	var err error
	if bean == nil {
		if bean, err = net.DialTimeout("tcp", os.Getenv("HUB_KOLEJKA"), 2*time.Second); err != nil {
			bean = nil
			return err
		}
		beanR = bufio.NewReader(bean)
		fmt.Fprintf(bean, "use sms\r\n")
		if _, err = beanR.ReadString('\n'); err != nil {
			bean.Close()
			bean = nil
			return err
		}
	}
	bean.SetDeadline(time.Now().Add(3 * time.Second))
	fmt.Fprintf(bean, "put 100 0 30 %d\r\n%s\r\n", len(t), t)
	l, err := beanR.ReadString('\n')
	if err != nil || !strings.HasPrefix(l, "INSERTED") {
		bean.Close()
		bean = nil
		return fmt.Errorf("kolejka: %q %v", strings.TrimSpace(l), err)
	}
	return nil
}

var szyna mqtt.Client

func otworz(n string) error {
	id := fmt.Sprintf("%08x", rand.Uint32())
	c := make(chan bool, 1)
	mu.Lock()
	czekaj[id] = c
	mu.Unlock()
	defer func() { mu.Lock(); delete(czekaj, id); mu.Unlock() }()
	var k int
	fmt.Sscan(n, &k)
	dodaj("hub_otwarcia_wyslane_total", 1)
	szyna.Publish(fmt.Sprintf("skrytka/%d/%s/otworz", k%6, n), 0, false, id)
	select {
	case <-c:
		dodaj("hub_otwarcia_potwierdzone_total", 1)
		return nil
	case <-time.After(3 * time.Second):
		return fmt.Errorf("skrytka %s nie potwierdziła otwarcia w 3 s", n)
	}
}

func odpowiedz(w http.ResponseWriter, kod int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(kod)
	json.NewEncoder(w).Encode(v)
	dodaj(fmt.Sprintf(`hub_odpowiedzi_total{kod="%d"}`, kod), 1)
}
func klopot(w http.ResponseWriter, r *http.Request, kod int, err error) {
	log.Printf("BŁĄD %s %s: %v", r.Method, r.URL.Path, err)
	odpowiedz(w, kod, map[string]string{"blad": "spróbuj ponownie"})
}

func main() {
	log.SetFlags(log.Ldate | log.Ltime | log.Lmicroseconds | log.LUTC)
	o := mqtt.NewClientOptions().AddBroker("tcp://" + os.Getenv("HUB_SZYNA")).SetClientID("hub").SetUsername("hub").SetPassword(os.Getenv("HUB_SZYNA_HASLO"))
	o.SetKeepAlive(10 * time.Second).SetAutoReconnect(true).SetMaxReconnectInterval(3 * time.Second)
	o.SetOnConnectHandler(func(c mqtt.Client) {
		log.Printf("połączono z szyną")
		c.Subscribe("skrytka/+/+/potwierdzenie", 0, func(_ mqtt.Client, m mqtt.Message) {
			mu.Lock()
			k := czekaj[string(m.Payload())]
			mu.Unlock()
			if k != nil {
				select {
				case k <- true:
				default:
				}
			}
		})
		c.Subscribe("skrytka/+/czujniki", 0, func(_ mqtt.Client, m mqtt.Message) { dodaj("hub_odczyty_czujnikow_total", 1) })
	})
	o.SetConnectionLostHandler(func(_ mqtt.Client, e error) { log.Printf("UWAGA utracono szynę: %v", e); dodaj("hub_szyna_zerwania_total", 1) })
	szyna = mqtt.NewClient(o)
	for t := szyna.Connect(); t.Wait() && t.Error() != nil; t = szyna.Connect() {
		log.Printf("UWAGA szyna niedostępna: %v", t.Error())
		time.Sleep(time.Second)
	}
	for _, n := range []string{"hub_otwarcia_wyslane_total", "hub_otwarcia_potwierdzone_total", "hub_paczki_przyjete_total", "hub_szyna_zerwania_total", "hub_etcd_sekundy_total"} {
		dodaj(n, 0)
	}
	m := http.NewServeMux()
	m.HandleFunc("POST /paczki/{n}", func(w http.ResponseWriter, r *http.Request) {
		n := r.PathValue("n")
		if _, err := stan("put", map[string]string{"key": b64("/skrytki/" + n), "value": b64(`{"stan":"zajeta","od":"` + time.Now().UTC().Format(time.RFC3339) + `"}`)}); err != nil {
			klopot(w, r, 502, err)
			return
		}
		if err := sms(`{"skrytka":` + n + `,"tekst":"Paczka czeka"}`); err != nil {
			klopot(w, r, 503, err)
			return
		}
		dodaj("hub_paczki_przyjete_total", 1)
		odpowiedz(w, 201, map[string]string{"skrytka": n})
	})
	m.HandleFunc("POST /odbior/{n}", func(w http.ResponseWriter, r *http.Request) {
		n := r.PathValue("n")
		if _, err := stan("range", map[string]string{"key": b64("/skrytki/" + n)}); err != nil {
			klopot(w, r, 502, err)
			return
		}
		if err := otworz(n); err != nil {
			klopot(w, r, 504, err)
			return
		}
		if _, err := stan("put", map[string]string{"key": b64("/skrytki/" + n), "value": b64(`{"stan":"wolna"}`)}); err != nil {
			klopot(w, r, 502, err)
			return
		}
		odpowiedz(w, 200, map[string]string{"skrytka": n, "stan": "otwarta"})
	})
	m.HandleFunc("GET /stan/{n}", func(w http.ResponseWriter, r *http.Request) {
		v, err := stan("range", map[string]string{"key": b64("/skrytki/" + r.PathValue("n"))})
		if err != nil {
			klopot(w, r, 502, err)
			return
		}
		odpowiedz(w, 200, map[string]any{"wersja": v["count"]})
	})
	m.HandleFunc("GET /zdrowie", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok\n") })
	m.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		ks := []string{}
		for k := range licz {
			ks = append(ks, k)
		}
		sort.Strings(ks)
		for _, k := range ks {
			fmt.Fprintf(w, "%s %g\n", k, licz[k])
		}
		fmt.Fprintf(w, "hub_czekajace_otwarcia %d\n", len(czekaj))
		mu.Unlock()
		d, _ := os.ReadDir("/proc/self/fd")
		fmt.Fprintf(w, "process_open_fds %d\nprocess_start_time_seconds %d\n", len(d), ostatni.Unix())
	})
	log.Printf("hub %s nasłuchuje na %s", os.Getenv("HUB_WERSJA"), os.Getenv("HUB_ADRES"))
	log.Fatal(http.ListenAndServe(os.Getenv("HUB_ADRES"), m))
}
