using Lethe.Capture.Exchanges;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.ExtProc.Policies;

namespace Lethe.Proxy.ExtProc;

/// <summary>
/// The Envoy door: <c>envoy.service.ext_proc.v3.ExternalProcessor/Process</c>, one stream for each HTTP call that passes Envoy.
/// It lets everything pass; what it hears goes to the same recorder as a forwarded call.
/// </summary>
internal sealed class ExtProcDoor : IDisposable
{
    public const string ProcessPath = "/envoy.service.ext_proc.v3.ExternalProcessor/Process";

    private readonly Func<ExchangeHead, ExchangeBuilder> begin;
    private readonly RouteLookup route;
    private readonly ExtProcOptions options;
    private readonly RequestPolicies policies;
    private readonly TimeProvider time;
    private readonly ILogger<ExtProcDoor> logger;
    private readonly CancellationTokenSource drained = new();
    private readonly CancellationTokenRegistration onStopping;
    private ITimer? drain;
    private long openStreams;

    /// <param name="begin">Starts the record of one call.</param>
    /// <param name="stopping">Cancelled when the process is asked to stop: health turns first, streams are let go after <see cref="ExtProcOptions.DrainMilliseconds"/>.</param>
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
        Health = new GrpcHealth(time, stopping);
        onStopping = stopping.UnsafeRegister(static door => ((ExtProcDoor)door!).StartDraining(), this);
    }

    public GrpcHealth Health { get; }

    /// <summary>Streams whose handler has not returned.</summary>
    public long OpenStreams => Interlocked.Read(ref openStreams);

    public async Task ProcessAsync(HttpContext context)
    {
        using var call = GrpcCall.TryAccept(context, options.MessageBytesMax, time);
        if (call is null)
        {
            return;
        }

        Interlocked.Increment(ref openStreams);
        ProxyMeter.InflightExchanges.Add(1);
        try
        {
            using var interrupt = drained.Token.UnsafeRegister(static open => ((GrpcCall)open!).Interrupt(), call);
            await new ProcessingStream(call, new StreamCapture(begin, route), policies.Open(), time, logger).RunAsync();
        }
        finally
        {
            ProxyMeter.InflightExchanges.Add(-1);
            Interlocked.Decrement(ref openStreams);
        }
    }

    /// <summary>Any other path: there is no such method here.</summary>
    public Task RefuseAsync(HttpContext context)
    {
        using var call = GrpcCall.TryAccept(context, options.MessageBytesMax, time);
        call?.End(GrpcStatusCode.Unimplemented, "No such method.");
        return Task.CompletedTask;
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
