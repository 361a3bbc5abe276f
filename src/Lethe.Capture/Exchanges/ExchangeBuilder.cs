using System.Globalization;

namespace Lethe.Capture.Exchanges;

/// <summary>
/// One call while it runs. A door appends what passes, in any thread; the recorder takes what has gathered, in its own.
/// Appending copies once into pooled memory and never throws, blocks on I/O or grows past its bound.
/// </summary>
public sealed class ExchangeBuilder : IDisposable
{
    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly long startedAt;
    private readonly BodyRecording request;
    private readonly BodyRecording response;
    private readonly Action<ExchangeBuilder>? finished;
    private readonly Action<ExchangeBuilder>? gathered;
    private readonly long gatheredBytes;
    private bool gatheredTold;
    private int? status;
    private IReadOnlyList<HeaderField> responseHeaders = [];
    private IReadOnlyList<HeaderField> responseTrailers = [];
    private IReadOnlyDictionary<string, string> attributes = new Dictionary<string, string>();
    private string? upstreamHost;
    private TimeSpan? timeToFirstByte;
    private TimeSpan? duration;
    private TransportError? transportError;
    private Ending? ending;
    private string? endingReason;
    private bool disposed;

    /// <param name="bodyBytesMax">How much of each direction is kept; the rest is counted and hashed only.</param>
    /// <param name="finished">Called once, when <see cref="Finish"/> is called first.</param>
    /// <param name="budget">The memory that all captures share; null for no bound but their own.</param>
    /// <param name="gathered">Called when more than <paramref name="gatheredBytes"/> wait to be written, once until they are taken.</param>
    public ExchangeBuilder(
        ExchangeHead head,
        long bodyBytesMax,
        TimeProvider time,
        Action<ExchangeBuilder>? finished = null,
        CaptureBudget? budget = null,
        Action<ExchangeBuilder>? gathered = null,
        long gatheredBytes = long.MaxValue)
    {
        Head = head;
        this.time = time = head.Clock ?? time;
        this.finished = finished;
        this.gathered = gathered;
        this.gatheredBytes = gatheredBytes;
        startedAt = time.GetTimestamp();
        var now = TruncateToMicroseconds(time.GetUtcNow());
        CapturedAt = head.CapturedAt is { } at ? TruncateToMicroseconds(at.ToUniversalTime()) : now;
        Id = head is { CapturedAt: not null, CommitKey: { } key } ? ExchangeId.New(CapturedAt, key) : ExchangeId.New(now);
        if (head.Kind is { } kind)
        {
            attributes = new Dictionary<string, string> { [ProducedKind.Attribute] = kind };
        }
        else if (head.ConnectionId is { } connection)
        {
            attributes = new Dictionary<string, string> { [CapturedExchange.ConnectionAttribute] = connection };
        }

        request = new BodyRecording(bodyBytesMax, budget, AnnouncedBytes(head));
        response = new BodyRecording(bodyBytesMax, budget);
    }

    public ExchangeId Id { get; }

    public ExchangeHead Head { get; }

    public DateTimeOffset CapturedAt { get; }

    public bool IsFinished => ending is not null;

    public TimeSpan Age => time.GetElapsedTime(startedAt);

    /// <summary>Bytes that a crash would lose now.</summary>
    public long UnwrittenBytes
    {
        get
        {
            lock (gate)
            {
                return request.UnwrittenBytes + response.UnwrittenBytes;
            }
        }
    }

    /// <summary>How far the call has come.</summary>
    public CallProgress Progress
    {
        get
        {
            lock (gate)
            {
                return new CallProgress(CapturedAt, Age, timeToFirstByte, status, request.WireBytes, response.WireBytes);
            }
        }
    }

    /// <summary>About how many characters of the answer's words have come; null where no stream of events comes, or a content coding hides them.</summary>
    public long? StreamedCharacters
    {
        get
        {
            lock (gate)
            {
                return IsEventStream ? response.CountStreamed() : null;
            }
        }
    }

    /// <summary>A copy of the request's first bytes, at most so many; none once they are on their way to the journal.</summary>
    public byte[] RequestBeginning(int bytesMax)
    {
        lock (gate)
        {
            return disposed ? [] : request.Beginning(bytesMax);
        }
    }

    /// <summary>True when bytes were given up because captures held too much memory already.</summary>
    public bool IsOverBudget
    {
        get
        {
            lock (gate)
            {
                return request.IsOverBudget || response.IsOverBudget;
            }
        }
    }

    public void AppendRequest(ReadOnlySpan<byte> bytes)
    {
        bool tell;
        lock (gate)
        {
            if (!disposed)
            {
                request.Append(bytes);
            }

            tell = MustTell();
        }

        if (tell)
        {
            gathered?.Invoke(this);
        }
    }

    /// <summary>The response head has come. Trailers and body follow.</summary>
    public void StartResponse(int statusCode, IReadOnlyList<HeaderField> headers)
    {
        lock (gate)
        {
            status = statusCode;
            responseHeaders = headers;
            timeToFirstByte ??= time.GetElapsedTime(startedAt);
        }
    }

    public void AppendResponse(ReadOnlySpan<byte> bytes)
    {
        bool tell;
        lock (gate)
        {
            if (!disposed)
            {
                timeToFirstByte ??= time.GetElapsedTime(startedAt);
                response.Append(bytes);
            }

            tell = MustTell();
        }

        if (tell)
        {
            gathered?.Invoke(this);
        }
    }

    /// <summary>A part of the request went by unseen; totals and hash are of what was seen.</summary>
    public void MarkRequestTruncated()
    {
        lock (gate)
        {
            request.MarkTruncated();
        }
    }

    /// <summary>A part of the response went by unseen; totals and hash are of what was seen.</summary>
    public void MarkResponseTruncated()
    {
        lock (gate)
        {
            response.MarkTruncated();
        }
    }

    public void SetTrailers(IReadOnlyList<HeaderField> trailers)
    {
        lock (gate)
        {
            responseTrailers = trailers;
        }
    }

    /// <summary>Facts beside the wire, known late (Envoy's response attributes, the address that was dialled).</summary>
    public void SetAttributes(IReadOnlyDictionary<string, string> values)
    {
        lock (gate)
        {
            attributes = values;
        }
    }

    public void SetUpstreamHost(string host)
    {
        lock (gate)
        {
            upstreamHost = host;
        }
    }

    /// <summary>Gives up the bytes that are not on disk yet, and all later ones: the recorder's memory bound was met.</summary>
    public void DropBodies()
    {
        lock (gate)
        {
            request.Drop();
            response.Drop();
        }
    }

    /// <summary>Keeps no body of this call, only how long each was and its hash. To be called before the first byte.</summary>
    /// <param name="reason">A word for the record's outcome reason.</param>
    public void WithholdBodies(string reason)
    {
        DropBodies();
        lock (gate)
        {
            attributes = new Dictionary<string, string>(attributes) { [CapturedExchange.WithheldAttribute] = reason };
        }
    }

    /// <summary>The call has ended. Only the first call counts; it hands the exchange to whoever was named at the start.</summary>
    public void Finish(Ending how, string? reason = null, TransportError? error = null)
    {
        lock (gate)
        {
            if (ending is not null)
            {
                return;
            }

            ending = how;
            endingReason = reason;
            transportError = error;
            duration = time.GetElapsedTime(startedAt);
        }

        finished?.Invoke(this);
    }

    /// <summary>
    /// The exchange as it stands. Bodies hold what came since the last snapshot, in memory that <see cref="Return"/> takes back; totals and hashes are
    /// of everything.
    /// </summary>
    /// <param name="hashed">False leaves out the hash of a body that is whole in this snapshot.</param>
    public CapturedExchange Snapshot(bool hashed = true)
    {
        lock (gate)
        {
            gatheredTold = false;
            if (ending is null && IsEventStream)
            {
                // Whoever asks later how far it has come does not see these bytes any more.
                response.CountStreamed();
            }

            return new CapturedExchange
            {
                Id = Id,
                CommitKey = Head.CommitKey ?? Id.ToString(),
                OrgId = Head.OrgId,
                AuthSubject = Head.AuthSubject,
                Door = Head.Door,
                CapturedAt = CapturedAt,
                Method = Head.Method,
                Path = Head.Path,
                Query = Head.Query,
                Upstream = Head.Upstream,
                UpstreamHost = upstreamHost ?? Head.UpstreamHost,
                Provider = Head.Provider,
                HttpVersion = Head.HttpVersion,
                RequestHeaders = Head.Headers,
                Request = request.Take(hashed),
                Status = status,
                ResponseHeaders = responseHeaders,
                ResponseTrailers = responseTrailers,
                Response = response.Take(hashed),
                Ending = ending ?? Ending.Incomplete,
                EndingReason = endingReason,
                TransportError = transportError,
                TimeToFirstByte = timeToFirstByte,
                Duration = duration,
                Attributes = attributes,
            };
        }
    }

    /// <summary>Gives the memory of a snapshot's body back; nobody may read it any more.</summary>
    public static void Return(CapturedBody body) => RentedBytes.Return(body.Bytes);

    public void Dispose()
    {
        lock (gate)
        {
            if (!disposed)
            {
                disposed = true;
                request.Dispose();
                response.Dispose();
            }
        }
    }

    private bool IsEventStream => !disposed && responseHeaders.First("content-encoding") is null
        && responseHeaders.First("content-type")?.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase) == true;

    private bool MustTell()
    {
        var must = !gatheredTold && request.UnwrittenBytes + response.UnwrittenBytes > gatheredBytes;
        gatheredTold |= must;
        return must;
    }

    private static long AnnouncedBytes(ExchangeHead head) =>
        long.TryParse(head.Headers.First("content-length"), NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? bytes : 0;

    private static DateTimeOffset TruncateToMicroseconds(DateTimeOffset at) => new(at.Ticks - (at.Ticks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);
}
