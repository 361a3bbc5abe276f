using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Lethe.Proxy.ExtProc.Wire;

/// <summary>
/// The request body of one stream, for the gRPC library to cut into messages. What was read stays where it lies until more has to be read, so that
/// a message can be answered and copied out once, many that came together cost one read, and a reset loses none of them.
/// </summary>
internal sealed class RetainedBody(PipeReader inner, InflightBytes inflight) : PipeReader, IDisposable
{
    // It is not the small messages that fill the memory.
    private const int SmallBytesMax = 64 * 1024;

    private ReadOnlySequence<byte> rest;
    private bool retains;
    private bool isLast;
    private bool isOverBound;
    private bool isExempt;
    private bool isCancelled;
    private bool wasInterrupted;
    private long counted;

    /// <summary>True when all that has come was cut into messages.</summary>
    public bool IsDry => !retains || rest.IsEmpty;

    /// <summary>True when this stream's unfinished message made all of them too much; its reads come back cancelled then.</summary>
    public bool IsOverBound => isOverBound && !isExempt;

    /// <summary>The bytes of this stream are needed, whatever they cost.</summary>
    public void Exempt() => isExempt = true;

    /// <summary>Makes the pending or the next read come back cancelled.</summary>
    public void Interrupt() => inner.CancelPendingRead();

    /// <summary>Whether a read came back because of <see cref="Interrupt"/> since the last time that this was asked.</summary>
    public bool TakeInterrupt()
    {
        var taken = wasInterrupted;
        wasInterrupted = false;
        return taken;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (retains && !rest.IsEmpty)
        {
            return new ValueTask<ReadResult>(new ReadResult(rest, isCanceled: false, isLast));
        }

        if (IsOverBound)
        {
            return new ValueTask<ReadResult>(new ReadResult(default, isCanceled: true, isCompleted: false));
        }

        Release();
        var read = inner.ReadAsync(cancellationToken);
        return read.IsCompletedSuccessfully ? new ValueTask<ReadResult>(Retain(read.Result)) : WaitAsync(read);
    }

    /// <summary>A message was taken off the front; what follows it stays.</summary>
    public override void AdvanceTo(SequencePosition consumed) => rest = rest.Slice(consumed);

    /// <summary>What lies between the two is no whole message, and more has to come.</summary>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (!retains)
        {
            return;
        }

        rest = rest.Slice(consumed);
        retains = false;
        Count(rest.Length);
        // A cancelled read was not looked into, and may hold whole messages.
        Advance(consumed, isCancelled ? consumed : examined);
    }

    public override bool TryRead(out ReadResult result) => throw new NotSupportedException("Messages are waited for.");

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public void Dispose()
    {
        Release();
        Count(0);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> WaitAsync(ValueTask<ReadResult> read) => Retain(await read);

    private ReadResult Retain(in ReadResult read)
    {
        (rest, retains, isLast, isCancelled) = (read.Buffer, true, read.IsCompleted, read.IsCanceled);
        wasInterrupted |= isCancelled;
        return read;
    }

    private void Release()
    {
        if (retains)
        {
            retains = false;
            Count(0);
            Advance(rest.Start, rest.Start);
        }
    }

    private void Advance(SequencePosition consumed, SequencePosition examined)
    {
        try
        {
            inner.AdvanceTo(consumed, examined);
        }
        catch (IOException)
        {
            // The peer was faster with its reset. Nothing is owed to it; the next read says that it is gone.
        }
    }

    private void Count(long bytes)
    {
        if (bytes != counted)
        {
            isOverBound = !inflight.Add(bytes - counted) && bytes > SmallBytesMax;
            counted = bytes;
        }
    }
}
