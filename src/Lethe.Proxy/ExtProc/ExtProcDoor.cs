using Grpc.Core;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.ExtProc.Policies;
using Lethe.Proxy.ExtProc.Wire;
using Microsoft.AspNetCore.Http.Features;

namespace Lethe.Proxy.ExtProc;

/// <summary>
/// The Envoy door: <c>envoy.service.ext_proc.v3.ExternalProcessor/Process</c>, one stream for each HTTP call that passes Envoy.
/// It lets everything pass; what it hears goes to the same recorder as a forwarded call.
/// </summary>
internal sealed class ExtProcDoor : IDisposable
{
    public const string ProcessPath = $"/{ProcessMethod.Service}/Process";

    private readonly Func<ExchangeHead, ExchangeBuilder> begin;
    private readonly RouteLookup route;
    private readonly ExtProcOptions options;
    private readonly RequestPolicies policies;
    private readonly InflightBytes inflight;
    private readonly TimeProvider time;
    private readonly ILogger<ExtProcDoor> logger;
    private readonly CancellationTokenSource drained = new();
    private readonly CancellationTokenRegistration onStopping;
    private ITimer? drain;
    private long openStreams;

    /// <param name="begin">Starts the record of one call.</param>
    /// <param name="stopping">Cancelled when the process is asked to stop: streams are let go after <see cref="ExtProcOptions.DrainMilliseconds"/>.</param>
    public ExtProcDoor(
        Func<ExchangeHead, ExchangeBuilder> begin,
        RouteLookup route,
        ExtProcOptions options,
        RequestPolicies policies,
        TimeProvider time,
        ILogger<ExtProcDoor> logger,
        CancellationToken stopping)
    {
        (this.begin, this.route, this.options, this.policies, this.time, this.logger) = (begin, route, options, policies, time, logger);
        inflight = new InflightBytes(options.InflightBytesMax);
        onStopping = stopping.UnsafeRegister(static door => ((ExtProcDoor)door!).StartDraining(), this);
    }

    /// <summary>Streams whose handler has not returned.</summary>
    public long OpenStreams => Interlocked.Read(ref openStreams);

    /// <summary>Bytes of calls' bodies that the door holds now.</summary>
    public long InflightBytes => inflight.Held;

    /// <summary>Makes the request's body one that <see cref="ProcessAsync"/> can be given; before the gRPC library takes hold of it.</summary>
    public void Prepare(HttpContext context)
    {
        context.Features.Set<IRequestBodyPipeFeature>(new RetainedBodyFeature(new RetainedBody(context.Request.BodyReader, inflight)));
        context.Features.Set<IHttpRequestLifetimeFeature>(new PatientLifetime(context.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>()));
    }

    public async Task ProcessAsync(IAsyncStreamReader<ProcessorMessage> messages, IServerStreamWriter<ProcessorAnswer> answers, ServerCallContext context)
    {
        using var call = new ProcessorCall(messages, answers, context, inflight);
        Interlocked.Increment(ref openStreams);
        ProxyMeter.InflightExchanges.Add(1);
        try
        {
            using var interrupt = drained.Token.UnsafeRegister(static open => ((ProcessorCall)open!).Interrupt(), call);
            await new ProcessingStream(call, new StreamCapture(begin, route), policies.Open(), time, logger, drained.Token).RunAsync();
        }
        finally
        {
            ProxyMeter.InflightExchanges.Add(-1);
            Interlocked.Decrement(ref openStreams);
        }
    }

    public void Dispose()
    {
        onStopping.Dispose();
        drain?.Dispose();
        drained.Dispose();
    }

    // Ended with OK, a stream's call goes on without a processor, and its client notices nothing.
    private void StartDraining() => drain = time.CreateTimer(
        static door => ((ExtProcDoor)door!).drained.Cancel(),
        this,
        TimeSpan.FromMilliseconds(options.DrainMilliseconds),
        Timeout.InfiniteTimeSpan);
}
