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
        // It warns of each call that a client or an upstream broke off, with several nested stack traces; the record has these, one row a call.
        logging.AddFilter("Yarp.ReverseProxy.Forwarder", LogLevel.Error);
        // A failed start is told once, in one line, by the command.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        // Its warning at a start says that one port cannot speak both HTTP versions without TLS: here it can. Its errors are faults of
        // requests, which the pipeline tells itself, without those that only carry an upstream's cut on to the client.
        logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Critical);
        logging.AddConfiguration(context.Configuration.GetSection("Logging"));
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            console.UseUtcTimestamp = true;
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }
}
