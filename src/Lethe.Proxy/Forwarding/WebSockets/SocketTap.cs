using System.Buffers;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Sockets;

namespace Lethe.Proxy.Forwarding.WebSockets;

/// <summary>
/// The guarded way from a WebSocket to its capture: bytes are copied as they pass, in their order, and read by another thread. Nothing here throws or waits;
/// a reader that falls behind by more than a bound, or that finds no memory, ends the capture, and the connection goes on.
/// </summary>
internal sealed class SocketTap(SocketCapture capture, List<ExchangeBuilder> underWay, Func<ExchangeBuilder, ValueTask>? whenDurable, CaptureBudget? budget, ILogger logger) : IThreadPoolWorkItem
{
    /// <summary>Copies of one connection that may wait to be read, as far as the memory of all captures has room for them.</summary>
    private const int WaitingBytesMax = 8 * 1024 * 1024;

    private const int IdlePieces = 256;

    private readonly Lock gate = new();
    private List<Piece> waiting = [];
    private List<Piece> reading = [];
    private readonly TaskCompletionSource<string?> over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int waitingBytes;
    private int readingBytes;
    private bool isRunning;
    private bool isOff;
    private bool hasEnded;

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
        ILogger logger)
    {
        var underWay = new List<ExchangeBuilder>();
        return SocketCapture.Open(handshake, answerHeaders, Begin, budget: budget) is { } capture ? new SocketTap(capture, underWay, whenDurable, budget, logger) : null;

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
            Put(new Piece(PieceKind.Mark) { Ended = read });
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
                Put(new Piece(PieceKind.End) { How = (ending, reason, error) });
            }
        }

        return over.Task;
    }

    public void Execute()
    {
        while (Next())
        {
            foreach (var piece in reading)
            {
                try
                {
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

            reading.Clear();
            if (reading.Capacity > IdlePieces)
            {
                // One burst does not hold its memory for the rest of a long connection.
                reading = [];
            }
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

            var isBehind = waitingBytes + bytes.Length > WaitingBytesMax;
            if (isBehind || budget?.TryTake(bytes.Length) == false)
            {
                isOff = true;
                Put(new Piece(PieceKind.Gap) { Reason = isBehind ? "capture_behind" : "memory" });
                return;
            }

            var copy = ArrayPool<byte>.Shared.Rent(bytes.Length);
            bytes.CopyTo(copy);
            waitingBytes += bytes.Length;
            Put(new Piece(kind) { Bytes = copy, Count = bytes.Length });
        }
    }

    private void Put(Piece piece)
    {
        waiting.Add(piece);
        if (!isRunning)
        {
            isRunning = true;
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    // All that waits is taken at once: who passes bytes on meets the reader seldom. False when there is nothing.
    private bool Next()
    {
        lock (gate)
        {
            waitingBytes -= readingBytes;
            (waiting, reading, readingBytes) = (reading, waiting, waitingBytes);
            return isRunning = reading.Count > 0;
        }
    }

    private void Read(Piece piece)
    {
        var before = capture.Fault;
        switch (piece.Kind)
        {
            case PieceKind.Client:
                capture.FromClient(piece.Bytes.AsSpan(0, piece.Count));
                break;
            case PieceKind.Server:
                capture.FromServer(piece.Bytes.AsSpan(0, piece.Count));
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
        if (piece.Count > 0)
        {
            ArrayPool<byte>.Shared.Return(piece.Bytes);
            budget?.Give(piece.Count);
        }

        if (piece.Ended is { } ended)
        {
            ended.SetResult([.. underWay.Where(call => call.IsFinished)]);
            underWay.RemoveAll(call => call.IsFinished);
        }

        if (piece.Kind == PieceKind.End)
        {
            capture.Dispose();
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

    private enum PieceKind
    {
        /// <summary>Bytes of the client.</summary>
        Client,

        /// <summary>Bytes of the server.</summary>
        Server,

        /// <summary>Bytes of which there is no copy.</summary>
        Gap,

        /// <summary>Somebody waits until this is reached.</summary>
        Mark,

        /// <summary>The connection is over.</summary>
        End,
    }

    /// <summary>What the reader is told next.</summary>
    private readonly record struct Piece(PieceKind Kind)
    {
        public byte[] Bytes { get; init; } = [];

        public int Count { get; init; }

        public string? Reason { get; init; }

        public TaskCompletionSource<IReadOnlyList<ExchangeBuilder>>? Ended { get; init; }

        public (Ending Ending, string? Reason, TransportError? Error) How { get; init; }
    }
}
