using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Grpc.Core;
using Lethe.Proxy.ExtProc.Wire;
using Microsoft.AspNetCore.Http.Features;

namespace Lethe.Proxy.ExtProc;

/// <summary>Why a wait for a message ended.</summary>
internal enum CallRead
{
    Message,

    /// <summary>The peer has said all it had to say.</summary>
    HalfClosed,

    /// <summary>The peer, or its connection, is gone, or its own deadline has passed.</summary>
    Gone,

    /// <summary>The peer broke the framing, or a message was over its limit; the status says it.</summary>
    Faulted,

    /// <summary><see cref="ProcessorCall.Interrupt"/> was called.</summary>
    Interrupted,

    /// <summary>What the door holds of all calls' bodies is over its bound, and this stream's message made it so.</summary>
    OverBound,
}

/// <summary>One call of <see cref="ProcessMethod"/>, as the gRPC library gives it: messages in, answers out, gathered until there is nothing more to read.</summary>
internal sealed class ProcessorCall : IDisposable
{
    private static readonly WriteOptions Gathered = new(WriteFlags.BufferHint);

    private readonly IAsyncStreamReader<ProcessorMessage> messages;
    private readonly IServerStreamWriter<ProcessorAnswer> answers;
    private readonly ServerCallContext call;
    private readonly PipeWriter output;
    private readonly RetainedBody body;
    private readonly PatientLifetime lifetime;
    private readonly InflightBytes inflight;
    private long waitingBytes;
    private bool waits;

    public ProcessorCall(IAsyncStreamReader<ProcessorMessage> messages, IServerStreamWriter<ProcessorAnswer> answers, ServerCallContext call, InflightBytes inflight)
    {
        (this.messages, this.answers, this.call, this.inflight) = (messages, answers, call, inflight);
        var http = call.GetHttpContext();
        output = http.Response.BodyWriter;
        body = (RetainedBody)http.Request.BodyReader;
        lifetime = (PatientLifetime)http.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>();
        answers.WriteOptions = Gathered;
    }

    /// <summary>The last message read; valid until the next is asked for.</summary>
    public ProcessorMessage Message => messages.Current;

    /// <summary>True when no part of a further message has come yet.</summary>
    public bool IsDry => body.IsDry;

    /// <summary>Waits for the next message, or for the end, whichever end it is; answers leave before it waits. Never throws for what a peer can do.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<CallRead> ReadAsync()
    {
        try
        {
            var moving = messages.MoveNext(CancellationToken.None);
            if (!moving.IsCompleted)
            {
                await FlushAsync();
            }

            return await moving ? CallRead.Message : CallRead.HalfClosed;
        }
        catch (RpcException) when (body.TakeInterrupt())
        {
            return CallRead.Interrupted;
        }
        catch (RpcException) when (body.IsOverBound)
        {
            return CallRead.OverBound;
        }
        catch (RpcException broken)
        {
            call.Status = broken.Status;
            return CallRead.Faulted;
        }
        catch (InvalidDataException broken)
        {
            return Fail(StatusCode.Internal, broken.Message);
        }
        catch (Exception gone) when (IsGone(gone))
        {
            // A length that no message can have is told by the same exception as a reset.
            return gone is IOException && !lifetime.IsAborted ? Fail(StatusCode.ResourceExhausted, gone.Message) : CallRead.Gone;
        }
    }

    /// <summary>Adds answers to those that leave with <see cref="FlushAsync"/>.</summary>
    public async ValueTask WriteAsync(List<ProcessorAnswer> more)
    {
        try
        {
            foreach (var answer in more)
            {
                waits = true;
                waitingBytes += answer.BodyBytes;
                await answers.WriteAsync(answer);
            }
        }
        catch (Exception gone) when (IsGone(gone))
        {
            // The next read says that the peer is gone.
        }
    }

    public async ValueTask FlushAsync()
    {
        if (!waits)
        {
            return;
        }

        var leaving = waitingBytes;
        (waits, waitingBytes) = (false, 0);
        inflight.Add(leaving);
        try
        {
            await output.FlushAsync();
        }
        catch (Exception gone) when (IsGone(gone))
        {
            // The next read says that the peer is gone.
        }
        finally
        {
            inflight.Add(-leaving);
        }
    }

    /// <summary>Makes the pending or the next read come back with <see cref="CallRead.Interrupted"/>.</summary>
    public void Interrupt() => body.Interrupt();

    /// <summary>This stream's bytes are needed, whatever they cost.</summary>
    public void Exempt() => body.Exempt();

    public CallRead Fail(StatusCode code, string message)
    {
        call.Status = new Status(code, message);
        return CallRead.Faulted;
    }

    public void Dispose() => body.Dispose();

    // The library says by an InvalidOperationException that the call is over.
    private static bool IsGone(Exception fault) => fault is IOException or OperationCanceledException or InvalidOperationException;
}
