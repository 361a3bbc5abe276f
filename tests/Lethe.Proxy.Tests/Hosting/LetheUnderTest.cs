using Lethe.Proxy.Configuration;
using Lethe.Proxy.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Lethe.Proxy.Tests.Hosting;

/// <summary>The whole product in this process: every port chosen by the system, everything durable in a directory of its own.</summary>
internal sealed class LetheUnderTest : IAsyncDisposable
{
    private LetheUnderTest(LetheHost host, string dataDirectory)
    {
        Host = host;
        DataDirectory = dataDirectory;
        Admin = new HttpClient { BaseAddress = new Uri(host.Doors.Admin) };
        Forwarding = new HttpClient { BaseAddress = new Uri(host.Doors.Forwarding) };
    }

    public LetheHost Host { get; }

    public string DataDirectory { get; }

    public HttpClient Admin { get; }

    public HttpClient Forwarding { get; }

    /// <param name="configure">Services of the test's own, a clock for one.</param>
    public static async Task<LetheUnderTest> StartAsync(Action<LetheOptions>? change = null, Action<IServiceCollection>? configure = null)
    {
        var directory = Directory.CreateTempSubdirectory("lethe-test-").FullName;
        var options = new LetheOptions
        {
            DataDirectory = Path.Combine(directory, "data"),
            Listen = "http://127.0.0.1:0",
            AdminListen = "http://127.0.0.1:0",
        };
        options.ExtProc.Listen = "http://127.0.0.1:0";
        change?.Invoke(options);
        return new LetheUnderTest(await LetheHost.StartAsync(LetheSettings.Of(options), configure), options.DataDirectory);
    }

    public async ValueTask DisposeAsync()
    {
        Admin.Dispose();
        Forwarding.Dispose();
        await Host.DisposeAsync();
        if (Path.GetDirectoryName(DataDirectory) is { } own && Directory.Exists(own))
        {
            Directory.Delete(own, recursive: true);
        }
    }
}
