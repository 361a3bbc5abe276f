using Lethe.Capture.Exchanges;
using Lethe.Capture.Sockets;

namespace Lethe.Proxy.Forwarding.WebSockets;

/// <summary>
/// The guarded way from a WebSocket to its capture: bytes are copied as they pass, in their order, and read by another thread, many at a time. Nothing here throws
/// or waits; a reader that falls behind by more than a bound, or that finds no memory, ends the capture, and the connection goes on.
/// </summary>
internal sealed class SocketTap : IThreadPoolWorkItem
{
    /// <summary>Copies of one connection that may wait to be read, as far as the memory of all captures has room for them.</summary>
    private const int WaitingBytesMax = 8 * 1024 * 1024;

    /// <summary>So much is read at once, however little time has passed.</summary>
    private const int GatheredBytes = 128 * 1024;

    // To wake a thread for a message takes longer than to read it.
    private static readonly TimeSpan GatherTime = TimeSpan.FromMilliseconds(5);

    private readonly SocketCapture capture;
    private readonly List<ExchangeBuilder> underWay;
    private readonly Func<ExchangeBuilder, ValueTask>? whenDurable;
    private readonly CaptureBudget? budget;
    private readonly PassingClock clock;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly ITimer due;
    private readonly Lock gate = new();
    private readonly TaskCompletionSource<string?> over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private GatheredPieces waiting = new();
    private GatheredPieces reading = new();
    private bool isAwaited;
    private bool isTimed;
    private bool isRunning;
    private bool isOff;
    private bool hasEnded;

    private SocketTap(
        SocketCapture capture, List<ExchangeBuilder> underWay, Func<ExchangeBuilder, ValueTask>? whenDurable, CaptureBudget? budget, PassingClock clock, TimeProvider time, ILogger logger)
    {
        this.capture = capture;
        this.underWay = underWay;
        this.whenDurable = whenDurable;
        this.budget = budget;
        this.clock = clock;
        this.time = time;
        this.logger = logger;
        due = time.CreateTimer(static tap => ((SocketTap)tap!).Due(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>True when the end of a call waits for the disk.</summary>
    public bool HoldsEnd => whenDurable is not null;

    /// <summary>Null where nothing that is said there is captured.</summary>
    /// <param name="begin">Mints the exchange of a call.</param>
    /// <param name="whenDurable">Waits for a finished exchange to be on disk; null where nothing waits for that.</param>
    public static SocketTap? Open(
        ExchangeBuilder handshake,
        IReadOnlyList<HeaderField> answerHeaders,
        Func<ExchangeHead, ExchangeBuilder> begin,
        Func<ExchangeBuilder, ValueTask>? whenDurable,
        CaptureBudget? budget,
        TimeProvider time,
        ILogger logger)
    {
        var underWay = new List<ExchangeBuilder>();
        var clock = new PassingClock(time);
        return SocketCapture.Open(handshake, answerHeaders, Begin, budget: budget, clock: clock) is { } capture
            ? new SocketTap(capture, underWay, whenDurable, budget, clock, time, logger)
            : null;

        ExchangeBuilder Begin(ExchangeHead head)
        {
            var call = begin(head);
            if (whenDurable is not null)
            {
                underWay.Add(call);
            }

            return call;
        }
    }

    public void FromClient(ReadOnlySpan<byte> bytes) => Put(bytes, PieceKind.Client);

    public void FromServer(ReadOnlySpan<byte> bytes) => Put(bytes, PieceKind.Server);

    /// <summary>Completes when all that has passed is read, and each call that it ended is on disk; false when one of them never will be.</summary>
    public async ValueTask<bool> WhenDurable()
    {
        var read = new TaskCompletionSource<IReadOnlyList<ExchangeBuilder>>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            Put(new Piece(PieceKind.Mark, time.GetTimestamp()) { Reached = read });
        }

        try
        {
            foreach (var call in await read.Task)
            {
                await whenDurable!(call);
            }

            return true;
        }
        catch (Exception fault)
        {
            ProxyMeter.CaptureFaults.Add(1);
            Log.CaptureFailed(logger, capture.ConnectionId, fault);
            return false;
        }
    }

    /// <summary>The connection is over; completes when all that passed has been read, with the reason why some of it was not, or null.</summary>
    public Task<string?> EndAsync(Ending ending, string? reason, TransportError? error)
    {
        lock (gate)
        {
            if (!hasEnded)
            {
                hasEnded = true;
                Put(new Piece(PieceKind.End, time.GetTimestamp()) { How = (ending, reason, error) });
            }
        }

        return over.Task;
    }

    public void Execute()
    {
        for (var first = true; Next(first); first = false)
        {
            foreach (var piece in reading.All)
            {
                try
                {
                    clock.Set(piece.PassedAt);
                    Read(piece);
                }
                catch (Exception fault)
                {
                    Fail(fault);
                }
                finally
                {
                    Settle(piece);
                }
            }

            clock.Set(0);
        }
    }

    private void Put(ReadOnlySpan<byte> bytes, PieceKind kind)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        lock (gate)
        {
            if (isOff || hasEnded)
            {
                return;
            }

            var isBehind = waiting.Bytes + reading.Bytes + bytes.Length > WaitingBytesMax;
            if (isBehind || budget?.TryTake(bytes.Length) == false)
            {
                isOff = true;
                Put(new Piece(PieceKind.Gap, time.GetTimestamp()) { Reason = isBehind ? "capture_behind" : "memory" });
                return;
            }

            waiting.Add(kind, bytes, time.GetTimestamp());
            if (waiting.Bytes >= GatheredBytes)
            {
                Run();
            }
            else if (!isRunning && !isTimed)
            {
                isTimed = due.Change(GatherTime, Timeout.InfiniteTimeSpan);
            }
        }
    }

    // Somebody waits for what is put here, or it ends something: it is read at once.
    private void Put(Piece piece)
    {
        waiting.Add(piece);
        isAwaited = true;
        Run();
    }

    private void Run()
    {
        if (!isRunning)
        {
            isRunning = true;
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    private void Due()
    {
        lock (gate)
        {
            isTimed = false;
            if (isRunning || waiting.All.Count == 0)
            {
                return;
            }

            isRunning = true;
        }

        Execute();
    }

    // All that waits is taken at once. False when the rest may gather first, or there is none.
    private bool Next(bool isFirst)
    {
        lock (gate)
        {
            reading.Clear();
            if (isFirst || isAwaited || waiting.Bytes >= GatheredBytes)
            {
                (waiting, reading) = (reading, waiting);
                isAwaited = false;
                return true;
            }

            isRunning = false;
            isTimed = isTimed || (waiting.All.Count > 0 && due.Change(GatherTime, Timeout.InfiniteTimeSpan));
            return false;
        }
    }

    private void Read(Piece piece)
    {
        var before = capture.Fault;
        switch (piece.Kind)
        {
            case PieceKind.Client:
                capture.FromClient(piece.Bytes);
                break;
            case PieceKind.Server:
                capture.FromServer(piece.Bytes);
                break;
            case PieceKind.Gap:
                capture.GiveUp(piece.Reason!);
                break;
            case PieceKind.End:
                capture.End(piece.How.Ending, piece.How.Reason, piece.How.Error);
                break;
        }

        if (before is null && capture.Fault is { } reason)
        {
            Stop();
            ProxyMeter.SocketsGivenUp.Add(1);
            Log.SocketCaptureGivenUp(logger, capture.ConnectionId, reason);
        }
    }

    private void Settle(Piece piece)
    {
        budget?.Give(piece.Bytes.Length);
        if (piece.Reached is { } reached)
        {
            reached.SetResult([.. underWay.Where(call => call.IsFinished)]);
            underWay.RemoveAll(call => call.IsFinished);
        }

        if (piece.Kind == PieceKind.End)
        {
            capture.Dispose();
            due.Dispose();
            over.TrySetResult(capture.Fault);
        }
    }

    private void Fail(Exception fault)
    {
        Stop();
        ProxyMeter.CaptureFaults.Add(1);
        Log.CaptureFailed(logger, capture.ConnectionId, fault);
        capture.GiveUp("capture_failed");
    }

    private void Stop()
    {
        lock (gate)
        {
            isOff = true;
        }
    }
}
