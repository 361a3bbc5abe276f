using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Lethe.Proxy.Metrics;

/// <summary>
/// Sends all of lethe's instruments out by OTLP, as the standard variables tell
/// (https://opentelemetry.io/docs/specs/otel/protocol/exporter/), which may stand anywhere in the configuration.
/// </summary>
internal sealed class OtlpExport(IConfiguration configuration) : IDisposable
{
    private const string Settings = "OTEL_EXPORTER_OTLP_";
    private const string OfMetrics = Settings + "METRICS_";
    private const string Endpoint = "ENDPOINT";

    private readonly MeterProvider provider = Start(configuration);

    /// <summary>True where the configuration says where to. Who does not export does not load what exports.</summary>
    public static bool IsAsked(IConfiguration configuration) => configuration[Settings + Endpoint] is { Length: > 0 } || configuration[OfMetrics + Endpoint] is { Length: > 0 };

    /// <summary>Sends what has been counted since the last time.</summary>
    public void Dispose() => provider.Dispose();

    private static MeterProvider Start(IConfiguration configuration)
    {
        // The exporter reads the general settings only. Metrics are all that is sent, so theirs may stand in for those.
        var ofMetrics = configuration.AsEnumerable()
            .Where(pair => pair.Key.StartsWith(OfMetrics, StringComparison.Ordinal) && pair.Value is { Length: > 0 })
            .Select(pair => KeyValuePair.Create(Settings + pair.Key[OfMetrics.Length..], pair.Value));
        IConfiguration read = new ConfigurationBuilder().AddConfiguration(configuration).AddInMemoryCollection(ofMetrics).Build();
        return Sdk.CreateMeterProviderBuilder()
            .ConfigureServices(services => services.AddSingleton(read))
            .SetResourceBuilder(ResourceBuilder.CreateEmpty().AddService("lethe").AddTelemetrySdk().AddEnvironmentVariableDetector())
            .AddMeter(MetricRegistry.MeterPrefix + "*")
            .AddOtlpExporter(options =>
            {
                // An endpoint of metrics is used as it is; to the general one the path is added.
                if (Uri.TryCreate(configuration[OfMetrics + Endpoint], UriKind.Absolute, out var exact))
                {
                    options.Endpoint = exact;
                }
            })
            .Build();
    }
}
