package app

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/copydesk/copydesk/pkg/warc"
)

const (
	objectScheme    = "s3://"
	defaultEndpoint = "https://s3.amazonaws.com"
	// uploadEvery is how long a file of an archive on object storage is written
	// before it is uploaded.
	uploadEvery = 10 * time.Minute
	// uploadRetry is the first pause after a failed upload, maxUploadRetry the
	// longest.
	uploadRetry    = 5 * time.Second
	maxUploadRetry = 5 * time.Minute
	// uploadLast is for how long a worker that ends uploads what is left.
	uploadLast = 20 * time.Second
	// uploadPart bounds the memory that an upload takes, in bytes.
	uploadPart = 16 << 20
)

func isObjectStore(archive string) bool { return strings.HasPrefix(archive, objectScheme) }

// objectStore is a bucket, and what the names in it begin with.
type objectStore struct {
	client *minio.Client
	bucket string
	prefix string // ends in / unless empty
}

// newObjectStore reads s3://bucket/prefix. Keys are where S3 tools look for them:
// in the environment, in ~/.aws, in the metadata of the machine.
func newObjectStore(archive, endpoint string) (*objectStore, error) {
	bucket, prefix, _ := strings.Cut(strings.TrimPrefix(archive, objectScheme), "/")
	if bucket == "" {
		return nil, usagef("--archive %s: give s3://BUCKET or s3://BUCKET/PREFIX", archive)
	}
	custom := cmp.Or(endpoint, os.Getenv("AWS_ENDPOINT_URL_S3"), os.Getenv("AWS_ENDPOINT_URL"))
	u, err := url.Parse(cmp.Or(custom, defaultEndpoint))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, usagef("--archive-endpoint %s: give the address of the object storage, as in https://s3.example.org", custom)
	}
	region := cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"))
	if region == "" && custom != "" {
		region = "us-east-1" // what other stores than Amazon's are called
	}
	client, err := minio.New(u.Host, &minio.Options{
		Secure: u.Scheme == "https", Region: region,
		Creds: credentials.NewChainCredentials([]credentials.Provider{
			&credentials.EnvAWS{}, &credentials.EnvMinio{}, &credentials.FileAWSCredentials{}, &credentials.IAM{},
		}),
	})
	if err != nil {
		return nil, usagef("--archive %s: %w", archive, err)
	}
	if prefix = strings.Trim(path.Clean("/"+prefix), "/"); prefix != "" {
		prefix += "/"
	}
	return &objectStore{client, bucket, prefix}, nil
}

// check tells what a user can mend now from a store that is away for a while.
func (s *objectStore) check(ctx context.Context, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	exists, err := s.client.BucketExists(ctx, s.bucket)
	switch answer := minio.ToErrorResponse(err); {
	case err == nil && exists:
		return nil
	case err == nil:
		return fmt.Errorf("archive bucket %s does not exist on %s; make it first", s.bucket, s.client.EndpointURL())
	case answer.StatusCode >= 400 && answer.StatusCode < 500:
		return fmt.Errorf("archive bucket %s on %s: %w (keys are read from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or ~/.aws/credentials)", s.bucket, s.client.EndpointURL(), err)
	default:
		log.Warn("object storage does not answer; archive files wait on the disk", "bucket", s.bucket, "endpoint", s.client.EndpointURL().String(), "err", err)
		return nil
	}
}

// uploader takes whole files of a directory to object storage, and removes them
// when they are there. What a process leaves behind the next one finds.
type uploader struct {
	store   *objectStore
	dir     string
	every   time.Duration
	log     *slog.Logger
	metrics *archiveMetrics
	wake    chan struct{}
	cancel  context.CancelFunc
	done    sync.WaitGroup
}

func newUploader(ctx context.Context, f IngestFlags, log *slog.Logger) (*uploader, error) {
	store, err := newObjectStore(f.Archive, f.ArchiveEndpoint)
	if err != nil {
		return nil, err
	}
	if err := store.check(ctx, log); err != nil {
		return nil, err
	}
	return &uploader{store: store, dir: spoolDir(f), every: uploadEvery, log: log, wake: make(chan struct{}, 1)}, nil
}

// look tells the uploader that there is a new file.
func (u *uploader) look() {
	select {
	case u.wake <- struct{}{}:
	default:
	}
}

// start uploads in the background until stop.
func (u *uploader) start(m *archiveMetrics) {
	u.metrics = m
	ctx, cancel := context.WithCancel(context.Background())
	u.cancel = cancel
	u.done.Go(func() { u.run(ctx) })
}

// stop uploads what it can in a bounded time.
func (u *uploader) stop() {
	u.cancel()
	u.done.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), uploadLast)
	defer cancel()
	if err := u.all(ctx); err != nil {
		u.log.Warn("archive files wait for the next start", "files", u.waiting(), "dir", u.dir, "err", err)
	}
}

func (u *uploader) run(ctx context.Context) {
	pause := uploadRetry
	for {
		again := u.every // another process may have left something meanwhile
		if err := u.all(ctx); err != nil && ctx.Err() == nil {
			u.log.Error("archive files wait: upload failed", "files", u.waiting(), "dir", u.dir, "again", pause, "err", err)
			again, pause = pause, min(2*pause, maxUploadRetry)
		} else {
			pause = uploadRetry
		}
		timer := time.NewTimer(again)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		case <-u.wake:
			timer.Stop()
		}
	}
}

// files returns the files that are whole.
func (u *uploader) files() []string {
	entries, _ := os.ReadDir(u.dir) // none if it cannot be read, which writing will tell
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), warc.Suffix) {
			names = append(names, filepath.Join(u.dir, e.Name()))
		}
	}
	slices.Sort(names)
	return names
}

// waiting counts the files that are whole and not uploaded.
func (u *uploader) waiting() int {
	if u == nil {
		return 0
	}
	return len(u.files())
}

func (u *uploader) all(ctx context.Context) error {
	for _, name := range u.files() {
		if err := u.one(ctx, name); err != nil {
			u.metrics.uploads.WithLabelValues("failed").Inc()
			return fmt.Errorf("upload %s: %w", name, err)
		}
		u.metrics.uploads.WithLabelValues("done").Inc()
	}
	return nil
}

// one uploads a file, looks whether all of it is there, and only then removes it.
func (u *uploader) one(ctx context.Context, name string) error {
	info, err := os.Stat(name)
	if os.IsNotExist(err) {
		return nil // another process that shares the directory was faster
	}
	if err != nil {
		return err
	}
	key := u.store.prefix + filepath.Base(name)
	_, err = u.store.client.FPutObject(ctx, u.store.bucket, key, name, minio.PutObjectOptions{
		ContentType: "application/warc", PartSize: uploadPart, NumThreads: 1, SendContentMd5: true,
	})
	if err != nil {
		return err
	}
	there, err := u.store.client.StatObject(ctx, u.store.bucket, key, minio.StatObjectOptions{})
	if err != nil {
		return err
	}
	if there.Size != info.Size() {
		return fmt.Errorf("%d of %d bytes are there", there.Size, info.Size())
	}
	u.log.Info("archive file uploaded", "bucket", u.store.bucket, "key", key, "bytes", info.Size())
	if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}
