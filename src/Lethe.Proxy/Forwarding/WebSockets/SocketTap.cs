using System.Buffers;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Sockets;

namespace Lethe.Proxy.Forwarding.WebSockets;

/// <summary>
/// The guarded way from a WebSocket to its capture: bytes are copied as they pass, in their order, and read by another thread. Nothing here throws or waits;
/// a reader that falls behind by more than a bound ends the capture, and the connection goes on.
/// </summary>
internal sealed class SocketTap(SocketCapture capture, ILogger logger) : IThreadPoolWorkItem
{
    /// <summary>Copies that may wait to be read.</summary>
    private const int WaitingBytesMax = 8 * 1024 * 1024;

    private readonly Lock gate = new();
    private readonly Queue<Piece> waiting = new();
    private readonly TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int waitingBytes;
    private bool isRunning;
    private bool isOff;
    private bool hasEnded;

    public void FromClient(ReadOnlySpan<byte> bytes) => Put(bytes, isClient: true);

    public void FromServer(ReadOnlySpan<byte> bytes) => Put(bytes, isClient: false);

    /// <summary>The connection is over; completes when all that passed has been read.</summary>
    public Task EndAsync(Ending ending, string? reason, TransportError? error)
    {
        lock (gate)
        {
            if (!hasEnded)
            {
                hasEnded = true;
                Put(new Piece([], 0, false, (ending, reason, error)));
            }
        }

        return over.Task;
    }

    public void Execute()
    {
        while (Next() is { } piece)
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
                Return(piece);
            }
        }
    }

    private void Put(ReadOnlySpan<byte> bytes, bool isClient)
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

            if (waitingBytes + bytes.Length > WaitingBytesMax)
            {
                isOff = true;
                Put(new Piece([], 0, isClient, null));
                return;
            }

            var copy = ArrayPool<byte>.Shared.Rent(bytes.Length);
            bytes.CopyTo(copy);
            waitingBytes += bytes.Length;
            Put(new Piece(copy, bytes.Length, isClient, null));
        }
    }

    private void Put(Piece piece)
    {
        waiting.Enqueue(piece);
        if (!isRunning)
        {
            isRunning = true;
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    private Piece? Next()
    {
        lock (gate)
        {
            isRunning = waiting.TryDequeue(out var piece);
            waitingBytes -= piece?.Count ?? 0;
            return piece;
        }
    }

    private void Read(Piece piece)
    {
        var before = capture.Fault;
        var bytes = piece.Bytes.AsSpan(0, piece.Count);
        if (piece.End is { } end)
        {
            capture.End(end.Ending, end.Reason, end.Error);
        }
        else if (bytes.IsEmpty)
        {
            capture.GiveUp("capture_behind");
        }
        else if (piece.IsClient)
        {
            capture.FromClient(bytes);
        }
        else
        {
            capture.FromServer(bytes);
        }

        if (before is null && capture.Fault is { } reason)
        {
            Stop();
            ProxyMeter.SocketsGivenUp.Add(1);
            Log.SocketCaptureGivenUp(logger, capture.ConnectionId, reason);
        }
    }

    private void Return(Piece piece)
    {
        if (piece.Count > 0)
        {
            ArrayPool<byte>.Shared.Return(piece.Bytes);
        }

        if (piece.End is not null)
        {
            capture.Dispose();
            over.TrySetResult();
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

    /// <summary>Bytes of one direction; none of them where the capture fell behind; or the end.</summary>
    private sealed record Piece(byte[] Bytes, int Count, bool IsClient, (Ending Ending, string? Reason, TransportError? Error)? End);
}
