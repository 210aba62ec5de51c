package dashboard

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// chromium is the browser of this machine; a machine without one has not tested the page.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no Chromium: apt-get install chromium (.ci/run does)")
	return ""
}

// tab is a page in a browser.
type tab struct {
	*testing.T
	ctx context.Context
}

// browse opens a browser of its own.
func browse(t *testing.T) *tab {
	t.Helper()
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.WindowSize(1280, 900))
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	ctx, stopAll := chromedp.NewExecAllocator(ctx, options...)
	ctx, stopTab := chromedp.NewContext(ctx)
	t.Cleanup(func() {
		stopTab()
		stopAll()
		stop()
	})
	return &tab{t, ctx}
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.Fatal(err)
	}
}

// open loads a page and waits until it is live.
func (b *tab) open(url string) {
	b.Helper()
	b.do(chromedp.Navigate(url))
	b.sees(`document.querySelector("#live.on") !== null`)
}

// sees waits until an expression of the page's is true.
func (b *tab) sees(expression string) {
	b.Helper()
	end := time.Now().Add(30 * time.Second)
	for {
		yes, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](expression))
		if err == nil && yes {
			return
		}
		if time.Now().After(end) || b.ctx.Err() != nil {
			is, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`location.href + " " + document.activeElement.outerHTML.slice(0, 200) + " " + document.body.innerText.slice(0, 300)`))
			b.Fatalf("never %s: %v\n%s", expression, err, is)
		}
		b.do(chromedp.Sleep(20 * time.Millisecond))
	}
}

// texts is an expression of what elements say.
func texts(selector string) string {
	return fmt.Sprintf(`[...document.querySelectorAll(%q)].map(e => e.textContent.trim()).join(" ")`, selector)
}

func (b *tab) press(keys ...string) {
	b.Helper()
	for _, k := range keys {
		b.do(chromedp.KeyEvent(k))
	}
}

func (b *tab) screen(width, height int64, phone bool) {
	b.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1, Mobile: phone}); err != nil {
		b.Fatal(err)
	}
}

// What somebody does with the page, in a browser: with the mouse, with the keyboard, on a phone, and without script.
func TestInBrowser(t *testing.T) {
	src, op := &source{s: busy(fleet(10_000), 40)}, &operator{}
	p := &planner{began: make(chan string, 1), let: make(chan error, 1)}
	_, srv := serve(t, Options{Source: src, Operator: op, Planner: p, AdminToken: secret})
	b := browse(t)
	b.open(srv.URL)
	b.sees(`document.styleSheets.length === 1 && getComputedStyle(document.querySelector(".nodes td")).overflow === "hidden"`)

	// News arrive, and disturb nothing that is open, chosen or typed.
	b.do(chromedp.Click(chromedp.CSS("#failures summary")), chromedp.Focus(chromedp.CSS("input[name=label]")))
	news := busy(fleet(10_000), 41)
	news.Nodes[3].Hostname, news.Nodes[3].InterfaceIP = "", "192.0.2.99"
	src.show(news)
	b.sees(texts("#requests small") + ` === "41 open"`)
	b.sees(texts("tr[data-key='0000000003'] .host") + ` === "192.0.2.99"`)
	b.sees(`document.querySelector("#failures details").open && document.activeElement.name === "label"`)
	b.sees(`/^[0-9]+[smhd]/.test(document.querySelector(".nodes time").textContent)`)

	// The keyboard: find, clear, next page.
	b.do(chromedp.Evaluate[chromedp.Void](`document.activeElement.blur()`))
	b.press("/")
	b.sees(`document.activeElement.name === "q"`)
	b.do(chromedp.Evaluate[chromedp.Void](`document.activeElement.select()`)) // the protocol's key types a character even where the page took the key
	b.press("1", "2", "3", "4")
	b.sees(texts("#nodes h2 small") + ` === "1 found"`)
	b.press(kb.Tab)
	b.do(chromedp.Evaluate[chromedp.Void](`document.activeElement.blur()`))
	b.press("x")
	b.sees(`location.search === "" && document.querySelectorAll(".nodes tbody tr").length === 50 && document.querySelector("input[name=q]").value === ""`)
	b.press("n")
	b.sees(`location.search === "?page=2" && document.querySelector(".nodes tbody .id").textContent === "0000000050"`)
	b.do(chromedp.NavigateBack())
	b.sees(`location.search === "" && document.querySelector(".nodes tbody .id").textContent === "0000000000"`)

	// The mouse: a state of the picture, a column.
	b.do(chromedp.Click(chromedp.CSS(".legend a[href*='state=ready']")))
	b.sees(`new Set([...document.querySelectorAll(".nodes td.state")].map(e => e.textContent)).size === 1 && document.querySelector("select[name=state]").value === "ready"`)
	b.do(chromedp.Click(chromedp.CSS(".nodes th a[href*='sort=age']")))
	b.sees(`document.querySelector(".nodes th[aria-sort]").textContent === "Age"`)

	// A plan.
	p.let <- nil
	b.do(chromedp.Click(chromedp.CSS(".plan button")))
	b.sees(`document.querySelector("#plan").open && ` + texts("#plan .add") + ` === "+ launch"`)
	b.press(kb.Escape)
	b.sees(`!document.querySelector("#plan").open`)

	b.admin(op)
	b.narrow(srv.URL)
	b.withoutScript(srv.URL)
}

// admin unlocks with a wrong token and the right one, and deletes a node.
func (b *tab) admin(op *operator) {
	b.Helper()
	b.sees(`getComputedStyle(document.querySelector("td.acts")).display === "none"`)
	b.do(chromedp.Click(chromedp.CSS("#unlock")), chromedp.SendKeys(chromedp.CSS("#token input"), "wrong"+kb.Enter))
	b.sees(texts("#token .error") + ` === "this needs the admin token"`)
	b.do(chromedp.SetValue(chromedp.CSS("#token input"), secret), chromedp.SendKeys(chromedp.CSS("#token input"), kb.Enter))
	b.sees(`!document.querySelector("#token").open && getComputedStyle(document.querySelector("td.acts")).display !== "none"`)
	b.do(chromedp.Click(chromedp.CSS("td.acts [data-act=delete]")))
	b.sees(`document.querySelector("#act").open`)
	b.do(chromedp.Click(chromedp.CSS("#act .go")))
	b.sees(texts("#act .error") + `.includes("is being deleted already")`)
	b.press(kb.Escape)
	if len(op.asked) != 1 || !strings.HasPrefix(op.asked[0], "delete ") {
		b.Errorf("asked %v", op.asked)
	}
	b.sees(fmt.Sprintf(`!location.href.includes(%[1]q) && !document.documentElement.outerHTML.includes(%[1]q)`, secret))
}

// narrow looks at the page on a phone: nothing is wider than the screen.
func (b *tab) narrow(url string) {
	b.Helper()
	b.screen(390, 844, true)
	b.open(url + "/?label=small")
	b.do(chromedp.Click(chromedp.CSS("#failures summary")))
	b.sees(`document.documentElement.scrollWidth === 390`)
	b.screen(1280, 900, false)
}

// withoutScript still shows the state.
func (b *tab) withoutScript(url string) {
	b.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		b.Fatal(err)
	}
	b.do(chromedp.Navigate(url + "/?state=hold"))
	text, err := chromedp.Run(b.ctx, chromedp.TextContent(chromedp.CSS("body")))
	if err != nil || !strings.Contains(text, "49 found") || !strings.Contains(text, "held opendev/zuul tox-py312") || !strings.Contains(text, "as of ") {
		b.Errorf("%v: %s", err, text)
	}
}
