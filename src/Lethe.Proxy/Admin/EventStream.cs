using System.Text;
using System.Text.Json;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Access;
using Lethe.Proxy.Problems;

namespace Lethe.Proxy.Admin;

/// <summary>
/// <c>GET /v1/events</c>: one server-sent event per committed exchange, its id the place in the order of commits, so that a reader who
/// comes back with <c>Last-Event-ID</c> misses none. https://html.spec.whatwg.org/multipage/server-sent-events.html
/// </summary>
internal sealed class EventStream(StoreReader reader, TimeProvider time, IHostApplicationLifetime lifetime)
{
    private const int ListenersMax = 100;
    private const int BatchMax = 200;
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan KeepAliveInterval = TimeSpan.FromSeconds(15);
    private int listeners;

    public async Task ServeAsync(HttpContext context)
    {
        var resume = context.Request.Headers["Last-Event-ID"].ToString();
        long seen = 0;
        if (resume.Length > 0 && (!long.TryParse(resume, out seen) || seen < 0))
        {
            await ProblemDocument.Of(StatusCodes.Status400BadRequest, "invalid_parameter", "A parameter makes no sense.", "Last-Event-ID: not one that this stream gave.").ExecuteAsync(context);
            return;
        }

        if (Interlocked.Increment(ref listeners) > ListenersMax)
        {
            Interlocked.Decrement(ref listeners);
            await ProblemDocument.Of(StatusCodes.Status503ServiceUnavailable, "too_many_listeners", "Too many listen already.").ExecuteAsync(context);
            return;
        }

        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
            var org = Caller.OrgOf(context);
            await SendAsync(context.Response, org, resume.Length > 0 ? seen : reader.LastChange(org), stop.Token);
        }
        catch (OperationCanceledException)
        {
            // The reader went away, or lethe stops: both end the stream, and neither is a fault.
        }
        finally
        {
            Interlocked.Decrement(ref listeners);
        }
    }

    private async Task SendAsync(HttpResponse response, string org, long seen, CancellationToken stop)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        await response.WriteAsync(": lethe\nretry: 1000\n\n", stop);
        await response.Body.FlushAsync(stop);
        using var tick = new PeriodicTimer(PollInterval, time);
        var spokeAt = time.GetTimestamp();
        do
        {
            var batch = reader.CommittedAfter(org, seen, BatchMax);
            foreach (var committed in batch)
            {
                seen = committed.Ingested;
                await response.WriteAsync(Event(committed), stop);
            }

            if (batch.Count == 0 && time.GetElapsedTime(spokeAt) > KeepAliveInterval)
            {
                await response.WriteAsync(":\n\n", stop);
                spokeAt = time.GetTimestamp();
            }
            else if (batch.Count > 0)
            {
                spokeAt = time.GetTimestamp();
            }

            await response.Body.FlushAsync(stop);
        }
        while (await tick.WaitForNextTickAsync(stop));
    }

    private static string Event(IngestedExchange committed) => new StringBuilder()
        .Append("id: ").Append(committed.Ingested).Append("\nevent: exchange\ndata: ")
        .Append(JsonSerializer.Serialize(committed.Record, ExchangeRecordJson.Default.ExchangeRecord))
        .Append("\n\n").ToString();
}
