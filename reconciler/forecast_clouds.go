package reconciler

import (
	"context"
	"maps"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/clouds"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
)

// othersTime is what the clouds of providers that are not asked for get to answer in. One that is silent may change what
// their pools take, and thereby what is left to those that are shown, but must not keep them from being shown.
const othersTime = 10 * time.Second

// askClouds looks up what the launcher does, all at once.
func (f *Forecast) askClouds(ctx context.Context, patience time.Duration) map[string]clouds.Answer {
	var shown, others []*config.Provider
	for _, p := range f.o.Config.Providers {
		if f.shown(p.Name) {
			shown = append(shown, p)
		} else {
			others = append(others, p)
		}
	}
	brief, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	got := make(chan map[string]clouds.Answer, 1)
	go func() { got <- clouds.Ask(brief, others) }()
	answers := clouds.Ask(ctx, shown)
	maps.Copy(answers, <-got)
	return answers
}
