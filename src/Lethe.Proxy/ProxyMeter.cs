using System.Diagnostics.Metrics;

namespace Lethe.Proxy;

/// <summary>The instruments of the doors.</summary>
internal static class ProxyMeter
{
    public const string Name = "Lethe.Proxy";

    private static readonly Meter Meter = new(Name);

    /// <summary>Calls between their first request header and their end.</summary>
    public static readonly UpDownCounter<long> InflightExchanges = Meter.CreateUpDownCounter<long>(
        "lethe_inflight_exchanges", "{exchange}", "Calls that are passing through now.");

    /// <summary>What lethe added to the time to the first byte: before the send and around the first write, without the upstream's own time.</summary>
    public static readonly Histogram<double> TimeToFirstByteOverhead = Meter.CreateHistogram<double>(
        "lethe_proxy_ttfb_overhead_seconds", "s", "Time to first byte added by the proxy itself.");

    /// <summary>What the Envoy door's answers take here: from messages that were read to their answers handed to the connection; one read in eight.</summary>
    public static readonly Histogram<double> AnswerTime = Meter.CreateHistogram<double>(
        "lethe_extproc_answer_seconds", "s", "Time from a message of the Envoy door to its answer, of one read in eight.");

    /// <summary>Captures given up because the capture itself failed; the calls went on.</summary>
    public static readonly Counter<long> CaptureFaults = Meter.CreateCounter<long>(
        "lethe_capture_faults_total", "{fault}", "Captures given up because of a fault in the capture.");

    /// <summary>WebSockets whose capture was given up for what passed in them; the connections went on.</summary>
    public static readonly Counter<long> SocketsGivenUp = Meter.CreateCounter<long>(
        "lethe_websocket_captures_given_up_total", "{connection}", "WebSockets whose rest was not captured, because their frames could not be read or came too fast.");

    /// <summary>Request policies of the Envoy door that failed; the calls went on as they were.</summary>
    public static readonly Counter<long> PolicyFaults = Meter.CreateCounter<long>(
        "lethe_extproc_policy_faults_total", "{fault}", "Request policies given up because of a fault in them.");

    /// <summary>Streams of the Envoy door that were ended because all of them together held too much; the calls went on unrecorded.</summary>
    public static readonly Counter<long> StreamsLetGo = Meter.CreateCounter<long>(
        "lethe_extproc_streams_let_go_total", "{stream}", "Streams ended because the Envoy door held too many bytes.");

    /// <summary>Calls that a rule of <c>Lethe:ExtProc:Block</c> refused.</summary>
    public static readonly Counter<long> BlockedCalls = Meter.CreateCounter<long>(
        "lethe_extproc_blocked_calls_total", "{call}", "Calls refused by a configured rule.");

    /// <summary>Secrets replaced on their way to an upstream.</summary>
    public static readonly Counter<long> RequestReplacements = Meter.CreateCounter<long>(
        "lethe_extproc_request_replacements_total", "{secret}", "Secrets replaced in request bodies on their way to the upstream.");
}
