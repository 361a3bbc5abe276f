using Microsoft.Extensions.Logging.Console;

namespace Lethe.Proxy.Hosting;

/// <summary>The operator's log: one line an event, on stderr, so that stdout stays machine-readable.</summary>
internal static class HostLog
{
    public static void Configure(HostBuilderContext context, ILoggingBuilder logging)
    {
        logging.SetMinimumLevel(LogLevel.Information);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("Yarp", LogLevel.Warning);
        logging.AddFilter("Grpc", LogLevel.Warning);
        // A failed start is told once, in one line, by the command.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        // What makes lethe not ready is told where it happens.
        logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
        // Its warning at a start says that one port cannot speak both HTTP versions without TLS: here it can. Its errors are faults of
        // requests, which the pipeline tells itself, without those that only carry an upstream's cut on to the client.
        logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Critical);
        // A client or an upstream that goes away: the record has it, with who and why.
        logging.AddFilter("Yarp.ReverseProxy.Forwarder", LogLevel.Error);
        logging.AddConfiguration(context.Configuration.GetSection("Logging"));
        logging.AddConsoleFormatter<OneLineFormatter, ConsoleFormatterOptions>();
        logging.AddConsole(console =>
        {
            console.FormatterName = OneLineFormatter.FormatterName;
            console.LogToStandardErrorThreshold = LogLevel.Trace;
        });
    }
}
