using System.Net;
using System.Net.Http.Headers;

namespace Lethe.Proxy.Benchmarks;

/// <summary>One stream of the external processing protocol from the data plane's side: frames out, answers of seven bytes each back.</summary>
internal sealed class ProcessingCall
{
    public const string WatchingHeader = "x-bench-watching";

    private const int AnswerBytes = 7;

    private readonly PushedContent content;
    private readonly Task<HttpResponseMessage> sending;
    private readonly byte[] buffer = new byte[4096];
    private Stream? answers;
    private int surplus;

    private ProcessingCall(PushedContent content, Task<HttpResponseMessage> sending) => (this.content, this.sending) = (content, sending);

    public static HttpClient Client() => new(new SocketsHttpHandler { UseProxy = false, EnableMultipleHttp2Connections = true }) { Timeout = Timeout.InfiniteTimeSpan };

    public static ProcessingCall Open(HttpClient http, string door, bool watching = false)
    {
        var content = new PushedContent();
        var request = new HttpRequestMessage(HttpMethod.Post, door + "/envoy.service.ext_proc.v3.ExternalProcessor/Process")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        request.Headers.TryAddWithoutValidation("te", "trailers");
        if (watching)
        {
            request.Headers.TryAddWithoutValidation(WatchingHeader, "1");
        }

        return new ProcessingCall(content, http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead));
    }

    public async Task SendAsync(ReadOnlyMemory<byte> frames)
    {
        var stream = await content.Stream;
        await stream.WriteAsync(frames);
        await stream.FlushAsync();
    }

    public async Task ReadAnswersAsync(int count)
    {
        answers ??= await (await sending).EnsureSuccessStatusCode().Content.ReadAsStreamAsync();
        for (surplus -= count * AnswerBytes; surplus < 0;)
        {
            var read = await answers.ReadAsync(buffer);
            surplus += read > 0 ? read : throw new InvalidOperationException("the stream ended before its answers");
        }
    }

    /// <summary>Half-closes, and reads to the status.</summary>
    public async Task EndAsync()
    {
        content.Complete();
        using var response = await sending;
        answers ??= await response.Content.ReadAsStreamAsync();
        while (await answers.ReadAsync(buffer) > 0)
        {
        }

        if (!response.TrailingHeaders.TryGetValues("grpc-status", out var status) && !response.Headers.TryGetValues("grpc-status", out status))
        {
            throw new InvalidOperationException("the stream ended without a status");
        }

        if (status.Single() != "0")
        {
            throw new InvalidOperationException($"the stream ended with status {status.Single()}");
        }
    }

    private sealed class PushedContent : HttpContent
    {
        private readonly TaskCompletionSource<Stream> opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource completed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public PushedContent() => Headers.ContentType = new MediaTypeHeaderValue("application/grpc");

        public Task<Stream> Stream => opened.Task;

        public void Complete() => completed.TrySetResult();

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            opened.TrySetResult(stream);
            return completed.Task;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
