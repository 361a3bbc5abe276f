using System.Runtime.CompilerServices;

namespace Lethe.Proxy.Forwarding;

/// <summary>
/// An HTTP/1.1 connection to an upstream, on which an answer is heard while its request is still being written (RFC 9112 §9.5); the HTTP client itself reads
/// nothing before it has written all. (1) A refusal (400 and above) ends the upload: what is still to be written counts as written, and the connection is
/// closed behind the answer. (2) A write that fails counts as written where an answer has come: its upstream has said all that it wanted to.
/// </summary>
internal sealed class EarlyAnswerStream(Stream inner, TimeProvider time) : Stream
{
    private const int RefusalMin = 400;

    private static readonly TimeSpan LastWordsWaitMax = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly CancellationTokenSource cutting = new();
    private readonly AnswerHeadScan scan = new();
    private readonly AheadBuffer ahead = new();
    private Upload? upload;
    private Task listening = Task.CompletedTask;
    private TaskCompletionSource? readEnd;
    private bool isReading;
    private volatile bool isCut;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <exception cref="IOException">The connection is broken, or was given up behind an early answer.</exception>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Upload.Current is { } current && !ReferenceEquals(current, upload))
        {
            Begin(current);
        }

        if (isCut)
        {
            return upload is { IsAnswered: false } ? ValueTask.CompletedTask : ValueTask.FromException(new IOException("The connection was given up behind an early answer."));
        }

        var writing = inner.WriteAsync(buffer, cutting.Token);
        return writing.IsCompletedSuccessfully ? writing : FinishWriteAsync(writing);
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        lock (gate)
        {
            if (!listening.IsCompleted)
            {
                return ReadBehindAsync(listening, buffer, cancellationToken);
            }

            if (!ahead.IsEmpty)
            {
                return ValueTask.FromResult(ahead.Read(buffer));
            }

            isReading = true;
        }

        return ReadThroughAsync(buffer, cancellationToken);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => isCut ? Task.CompletedTask : inner.FlushAsync(cancellationToken);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() => inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
            lock (gate)
            {
                // A read that is still out owns the buffer.
                if (listening.IsCompleted)
                {
                    ahead.GiveBack();
                }
            }
        }

        base.Dispose(disposing);
    }

    private void Begin(Upload current)
    {
        lock (gate)
        {
            upload = current;
            scan.Reset();
            ListenOn();
        }
    }

    // The HTTP client's own read of an idle connection goes on while the next request is written: then that one hears.
    private void ListenOn()
    {
        if (!isReading && listening.IsCompleted)
        {
            listening = ListenAsync();
        }
    }

    private async Task ListenAsync()
    {
        try
        {
            _ = await inner.ReadAsync(Memory<byte>.Empty);
            await HearAsync(lastWords: false);
        }
        catch (Exception broken) when (broken is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // Whoever writes or reads next is told the same.
        }
    }

    private async Task HearAsync(bool lastWords)
    {
        while (true)
        {
            Memory<byte> free;
            lock (gate)
            {
                if (scan.FinalStatus != 0 || ahead.IsFull || (upload is not { IsSent: false } && !lastWords))
                {
                    return;
                }

                free = ahead.Free;
            }

            var count = await inner.ReadAsync(free);
            if (count == 0)
            {
                return;
            }

            Upload? refused = null;
            lock (gate)
            {
                var heard = ahead.Commit(count);
                var behindHead = scan.Feed(heard);
                if (behindHead >= 0 && IsRefusal)
                {
                    ahead.AddClose(count - behindHead);
                    refused = upload;
                }
            }

            Cut(refused);
        }
    }

    private bool IsRefusal => scan.FinalStatus >= RefusalMin && upload is { IsSent: false };

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadBehindAsync(Task heard, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await heard;
        return await ReadAsync(buffer, cancellationToken);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadThroughAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int count;
        try
        {
            count = await inner.ReadAsync(buffer, cancellationToken);
        }
        catch
        {
            lock (gate)
            {
                EndRead();
            }

            throw;
        }

        Upload? refused = null;
        lock (gate)
        {
            EndRead();
            count = Observe(buffer, count, ref refused);
        }

        Cut(refused);
        return count;
    }

    private void EndRead()
    {
        isReading = false;
        readEnd?.TrySetResult();
        readEnd = null;
    }

    private int Observe(Memory<byte> buffer, int count, ref Upload? refused)
    {
        if (count == 0 || upload is null || scan.FinalStatus != 0)
        {
            return count;
        }

        var behindHead = scan.Feed(buffer.Span[..count]);
        if (behindHead < 0 && !upload.IsSent)
        {
            ListenOn();
        }

        if (behindHead < 0 || !IsRefusal || count > ahead.Free.Length)
        {
            return count;
        }

        buffer[..count].CopyTo(ahead.Free);
        ahead.Commit(count);
        ahead.AddClose(count - behindHead);
        refused = upload;
        return ahead.Read(buffer);
    }

    private void Cut(Upload? refused)
    {
        if (refused is not null)
        {
            isCut = true;
            refused.Cut();
            cutting.Cancel();
        }
    }

    private async ValueTask FinishWriteAsync(ValueTask writing)
    {
        try
        {
            await writing;
        }
        catch (OperationCanceledException) when (isCut)
        {
            // Nobody waits for it.
        }
        catch (IOException)
        {
            if (!await HasLastWordsAsync())
            {
                throw;
            }

            Cut(upload);
        }
    }

    /// <summary>True when the upstream, which takes nothing more, has answered: what it said has come, or comes now, or never.</summary>
    private async Task<bool> HasLastWordsAsync()
    {
        if (upload is not { IsAnswered: false })
        {
            return false;
        }

        using var bound = new CancellationTokenSource(LastWordsWaitMax, time);
        try
        {
            Task coming;
            lock (gate)
            {
                coming = isReading ? (readEnd ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task : listening;
            }

            await coming.WaitAsync(bound.Token);
            lock (gate)
            {
                coming = listening = isReading || !listening.IsCompleted ? listening : HearAsync(lastWords: true);
            }

            await coming.WaitAsync(bound.Token);
        }
        catch (Exception none) when (none is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // What has been heard by now decides.
        }

        lock (gate)
        {
            return scan.FinalStatus != 0;
        }
    }
}
