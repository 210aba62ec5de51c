package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// webPage is the dashboard at a size of the fleet. Each load finds a snapshot to be made and a page to be rendered: what
// is shared by those who look within a second is not measured.
type webPage struct {
	Nodes int `json:"nodes"`
	// HTMLMS is from asking for the page to its last byte, PaintMS to Chromium's first contentful paint, which needs a
	// Chromium on the machine.
	HTMLMS  percentiles `json:"html_ms"`
	PaintMS percentiles `json:"first_contentful_paint_ms"`
	KiB     float64     `json:"page_kib"`
	// RestCores are used by the launcher while nobody looks, OpenCores while one page is open and nothing changes.
	RestCores float64 `json:"cores_unwatched"`
	OpenCores float64 `json:"cores_one_page_open"`
}

// fresh is how long after a load the launcher makes a new snapshot.
const fresh = 1100 * time.Millisecond

// web measures the dashboard beside so many nodes of somebody else's: records alone, which the launcher shows and leaves
// alone.
func (w *world) web(ctx context.Context, nodes, loads int) (*webPage, error) {
	s, err := w.open(ctx, "web")
	if err != nil {
		return nil, err
	}
	defer s.close() //nolint:contextcheck // also after ctx has ended
	progress("web: %d records, then %d loads of the page", nodes, loads)
	err = each(ctx, nodes, window, func(ctx context.Context, i int) error {
		n := &record.Node{
			State: record.NodeInUse, StateTime: record.Now(time.Now()), Provider: "elsewhere", Pool: "main", Type: []string{"vm"},
			InterfaceIP: "192.0.2.1", Hostname: fmt.Sprintf("np%d", i), AllocatedTo: fmt.Sprintf("200-%010d", i), ConnectionType: "ssh", PythonPath: "auto",
		}
		_, err := s.session.Create(ctx, fmt.Sprintf("/nodepool/nodes/9%09d", i), n.Encode(), 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	p := &webPage{Nodes: nodes}
	p.RestCores = s.cores(settle)
	var took []float64
	for range loads {
		time.Sleep(fresh)
		ms, size, err := s.load(ctx)
		if err != nil {
			return nil, err
		}
		took = append(took, ms)
		p.KiB = float64(size) / 1024
	}
	p.HTMLMS = percentile(took)
	return p, s.paint(ctx, p, loads)
}

// cores is what the launcher uses of the processors in the time to come.
func (s *site) cores(d time.Duration) float64 {
	time.Sleep(settle)
	cpu := s.meter.group.cpu()
	time.Sleep(d)
	return (s.meter.group.cpu() - cpu).Seconds() / d.Seconds()
}

// load asks for the page.
func (s *site) load(ctx context.Context) (took float64, size int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.rig.Web()+"/?sort=age", nil)
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, 0, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("the page is not there: %s", resp.Status)
	}
	return ms(time.Since(began)), len(body), err
}

// paint loads the page in a browser, and leaves it open for a while.
func (s *site) paint(ctx context.Context, p *webPage, loads int) error {
	path, err := exec.LookPath("chromium")
	if err != nil {
		progress("web: no chromium, so no paint")
		return nil
	}
	dir, err := os.MkdirTemp(s.dir, "chromium-")
	if err != nil {
		return err
	}
	ctx, stop := chromedp.NewExecAllocator(ctx, append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.UserDataDir(dir), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))...)
	defer stop()
	ctx, leave := chromedp.NewContext(ctx)
	defer leave()
	const painted = `new Promise(done => new PerformanceObserver((list, o) => { o.disconnect(); done(list.getEntries().find(e => e.name === "first-contentful-paint").startTime) }).observe({type: "paint", buffered: true}))`
	var took []float64
	for range loads {
		// Away from the page, so that its stream does not renew the snapshot.
		if err := chromedp.Do(ctx, chromedp.Navigate("about:blank"), chromedp.Sleep(fresh), chromedp.Navigate("http://"+s.rig.Web()+"/")); err != nil {
			return err
		}
		at, err := chromedp.Run(ctx, chromedp.Evaluate[float64](painted, chromedp.EvalAwaitPromise))
		if err != nil {
			return err
		}
		took = append(took, at)
	}
	p.PaintMS = percentile(took[min(1, len(took)-1):]) // the first load starts the browser's own processes
	p.OpenCores = s.cores(settle)
	return nil
}
