using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Lethe.Proxy.Recording;

/// <summary>Whether lethe can do all of its work, for <c>/readyz</c> and gRPC health alike: until it is asked to stop, so that no new call is sent here while old ones end.</summary>
internal sealed class ReadinessCheck(RecordingPipeline memory, IHostApplicationLifetime lifetime) : IHealthCheck
{
    public PipelineState State() => memory.State();

    /// <summary>Null when it can; else why not.</summary>
    public string? WhyNot(PipelineState state) =>
        lifetime.ApplicationStopping.IsCancellationRequested ? "stopping"
        : state.IsReady ? null
        : $"journal writable: {state.JournalWritable}, store reachable: {state.StoreReachable}, ingest: {state.Ingest}{(state.IngestReason is { } reason ? $" ({reason})" : "")}.";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(WhyNot(State()) is { } why ? HealthCheckResult.Unhealthy(why) : HealthCheckResult.Healthy());
}
