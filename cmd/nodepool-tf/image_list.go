package main

import (
	"time"

	"github.com/urfave/cli/v2"

	"github.com/nodepool-tf/nodepool-tf/reconciler/admin"
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
)

func imageListCommand() *cli.Command {
	return imagesCommand("image-list", "list the images that were uploaded to providers", func(i admin.Images) status.Table {
		return status.UploadTable(i.Uploads, time.Now())
	})
}
