package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/nodepool-tf/nodepool-tf/reconciler"
	"github.com/nodepool-tf/nodepool-tf/reconciler/admin"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

func alienListCommand() *cli.Command {
	return &cli.Command{
		Name:      "alien-list",
		Usage:     "list what only the cloud knows: resources with our tags that belong to no node",
		ArgsUsage: "[PROVIDER]",
		Description: "Each provider is asked what it has, by its driver or, with Terraform, by a module's sub-folder `list`, beside a launcher that may\n" +
			"be running. What carries a provider's tags and whose node has no record is shown. Where a workspace holds it, its launcher is about\n" +
			"to destroy it; what is in none has leaked if it is still there a minute later, unless a launcher is just making it. `clean-leaked: true` on the\n" +
			"provider has the launcher remove what leaked; nothing is removed here.",
		Flags: []cli.Flag{outputFlag(), timeoutFlag(), strictFlag()},
		Action: func(c *cli.Context) error {
			cfg, providers, err := chosen(c)
			if err != nil || cfg == nil {
				return err
			}
			return withSession(c, func(_ context.Context, s *session.Session) error { return listAliens(c, s, cfg, providers) })
		},
	}
}

// chosen are the providers that the command's argument names, all without one.
func chosen(c *cli.Context) (*config.Config, []*config.Provider, error) {
	if c.NArg() > 1 {
		_, err := one(c, "the name of a provider")
		return nil, nil, err
	}
	cfg, err := loadConfig(c, quiet())
	if err != nil {
		return nil, nil, err
	}
	name := c.Args().First()
	var out []*config.Provider
	for _, p := range append(cfg.Providers[:len(cfg.Providers):len(cfg.Providers)], cfg.Undriven...) {
		if name == "" || p.Name == name {
			out = append(out, p)
		}
	}
	if len(out) == 0 && name != "" {
		return nil, nil, refusal(c, &admin.Refusal{Missing: true, Text: fmt.Sprintf("provider %q is not in %s", name, cfg.File), Next: "without a name, all are asked"})
	}
	return cfg, out, nil
}

func listAliens(c *cli.Context, s *session.Session, cfg *config.Config, providers []*config.Provider) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	l, err := reconciler.OpenLister(c.Context, reconciler.Options{Config: cfg, Log: quiet(), Worker: []string{self, "worker"}})
	if err != nil {
		return err
	}
	defer l.Close()
	var aliens []admin.Alien
	failed := 0
	for _, p := range providers {
		if cfg.Provider(p.Name) != p || !p.HasModules() {
			warn(c)(fmt.Errorf("provider %s is not asked: this release does not make its nodes with Terraform", p.Name))
			continue
		}
		found, offered, err := l.List(c.Context, p)
		if err != nil {
			if c.Err() != nil {
				return c.Err()
			}
			warn(c)(fmt.Errorf("provider %s cannot be asked: %w", p.Name, errors.New(redactor()(err.Error()))))
			failed++
			continue
		}
		if !offered {
			warn(c)(fmt.Errorf("the driver of provider %s does not list, and no module of it has a sub-folder `list`: what it has is not known", p.Name))
			continue
		}
		some, err := admin.Aliens(c.Context, s, p.Name, found, cfg.Terraform.StateKey, warn(c))
		if err != nil {
			return err
		}
		aliens = append(aliens, some...)
	}
	if err := show(c, admin.AlienTable(aliens)); err != nil {
		return err
	}
	if failed > 0 && failed == len(providers) {
		return cli.Exit("no provider could be asked", 1)
	}
	return nil
}

func alienImageListCommand() *cli.Command {
	return &cli.Command{
		Name: "alien-image-list", Usage: "list images in clouds that no upload's record knows", ArgsUsage: "[PROVIDER]",
		Flags: []cli.Flag{outputFlag(), timeoutFlag(), strictFlag()},
		Action: func(c *cli.Context) error {
			_, providers, err := chosen(c)
			if err != nil || len(providers) == 0 {
				return err
			}
			for _, p := range providers {
				warn(c)(fmt.Errorf("the images of provider %s are not known: this release has no driver that lists the images of a cloud. `nodepool-tf image-list` shows what was uploaded", p.Name))
			}
			if _, err := status.ParseFormat(c.String("output")); err != nil {
				return cli.Exit("--output: "+err.Error(), 2)
			}
			return show(c, admin.AlienImageTable())
		},
	}
}
