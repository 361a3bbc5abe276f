using System.Globalization;
using System.Text;
using System.Text.Json;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Problems;
using Lethe.Proxy.Recording;

namespace Lethe.Proxy.Admin;

/// <summary>
/// <c>GET /v1/events</c>: a server-sent event <c>finished</c> per committed exchange, its id the place in the order of commits, so that a reader who
/// comes back with <c>Last-Event-ID</c>, or with <c>?after=</c>, misses none; where history is gone a <c>gap</c> event says so first. Without an id, for
/// they are not kept: <c>started</c> when a call is on its way, and <c>progress</c>, at most once a second, when more of it has passed.
/// <c>?session=</c> leaves out what is of another session, <c>?view=brief</c> what was said. https://html.spec.whatwg.org/multipage/server-sent-events.html
/// </summary>
internal sealed class EventStream(StoreReader reader, OpenCalls calls, TimeProvider time, IHostApplicationLifetime lifetime)
{
    private const int ListenersMax = 100;
    private const int BatchMax = 200;
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan KeepAliveInterval = TimeSpan.FromSeconds(15);
    private static readonly Dictionary<string, string> Untold = [];
    private int listeners;

    /// <summary>How many listen now.</summary>
    public int Listeners => Volatile.Read(ref listeners);

    public async Task ServeAsync(HttpContext context)
    {
        if (Read(context, out var listener) is { } problem)
        {
            await problem.ExecuteAsync(context);
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
            await SendAsync(context.Response, listener, stop.Token);
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

    private IResult? Read(HttpContext context, out Listener listener)
    {
        var query = new PageQuery(context, time);
        listener = new Listener(query.Org(), null, null, query.OneOf("view", ["brief", "full"]) == "brief");
        // A browser that comes back sends what it has seen, beside the address that it was given first.
        var header = context.Request.Headers["Last-Event-ID"].ToString();
        var resume = header.Length > 0 ? header : context.Request.Query["after"].ToString();
        if (resume.Length > 0)
        {
            if (!long.TryParse(resume, NumberStyles.None, CultureInfo.InvariantCulture, out var seen))
            {
                query.Refuse(header.Length > 0 ? "Last-Event-ID" : "after", "not one that this stream gave.");
            }

            listener = listener with { After = seen };
        }

        if (query.Problem is null && context.Request.Query["session"].ToString() is { Length: > 0 } named)
        {
            if (reader.Session(listener.Org, named) is not { } found)
            {
                return ProblemDocument.Of(StatusCodes.Status404NotFound, "session_not_found", "No such session.");
            }

            listener = listener with { Session = found.Session.SessionId };
        }

        return query.Problem;
    }

    private async Task SendAsync(HttpResponse response, Listener listener, CancellationToken stop)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        var newest = reader.LastChange(listener.Org);
        await response.WriteAsync(": lethe\nretry: 1000\n\n", stop);
        if (listener.After is { } told && reader.IsHistoryGone(listener.Org, told))
        {
            await response.WriteAsync($"event: gap\ndata: {{\"after\":{told}}}\n\n", stop);
        }

        // What is behind the newest was given by another store.
        var seen = Math.Min(listener.After ?? newest, newest);
        await response.Body.FlushAsync(stop);
        using var tick = new PeriodicTimer(PollInterval, time);
        var open = new OpenCallWatch(calls, listener.Org, listener.Session, time);
        var spokeAt = time.GetTimestamp();
        do
        {
            foreach (var news in open.Look())
            {
                await response.WriteAsync(news, stop);
                spokeAt = time.GetTimestamp();
            }

            var batch = reader.CommittedAfter(listener.Org, seen, BatchMax);
            foreach (var committed in batch)
            {
                seen = committed.Ingested;
                if (listener.Session is null || committed.Record.Session?.Id == listener.Session)
                {
                    await response.WriteAsync(Event(committed, listener.IsBrief), stop);
                    spokeAt = time.GetTimestamp();
                }
            }

            if (time.GetElapsedTime(spokeAt) > KeepAliveInterval)
            {
                await response.WriteAsync(":\n\n", stop);
                spokeAt = time.GetTimestamp();
            }

            await response.Body.FlushAsync(stop);
        }
        while (await tick.WaitForNextTickAsync(stop));
    }

    private static string Event(IngestedExchange committed, bool isBrief) => new StringBuilder()
        .Append("id: ").Append(committed.Ingested).Append("\nevent: finished\ndata: ")
        .Append(JsonSerializer.Serialize(isBrief ? committed.Record with { Reply = null, Chain = null, Evidence = Untold } : committed.Record, ExchangeRecordJson.Default.ExchangeRecord))
        .Append("\n\n").ToString();

    /// <param name="After">The last event that it has seen; null for one that begins now.</param>
    private readonly record struct Listener(string Org, long? After, string? Session, bool IsBrief);
}
