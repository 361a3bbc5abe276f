using System.Diagnostics;
using System.Globalization;

namespace Lethe.Proxy.Benchmarks;

/// <summary>What a client waits more when the recorder's disk is full: at a pace that agents have, in both modes, against the same before it was full.</summary>
internal static class TroubleBenchmark
{
    private const int Clients = 8;
    private const double CallsPerSecond = 200;
    private const int DiskMegabytes = 1024;
    private const long FillBytes = 1024 * 1024;

    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Each = TimeSpan.FromSeconds(10);

    public static async Task RunAsync(Report report)
    {
        await using var upstream = await Upstream.StartAsync();
        var rows = new List<string[]>();
        foreach (var durability in (string[])["relaxed", "strict"])
        {
            var disk = Directory.CreateTempSubdirectory("lethe-disk-").FullName;
            if (!await TryRunAsync("mount", "-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size={DiskMegabytes}m"), "tmpfs", disk))
            {
                report.Table("A full disk", ["not measured: a small disk can only be mounted by root"], []);
                return;
            }

            try
            {
                await using var lethe = await ProxyUnderTest.LetheOnAsync(Directory.CreateDirectory(Path.Combine(disk, "lethe")).FullName, upstream.Address, "--set", "Lethe:Journal:Durability=" + durability);
                var body = AgentBodies.Calls(50_000, 2, stream: true);
                var url = lethe.Listen + "/anthropic/v1/messages?events=40";
                await Load.RunAsync(url, body, Clients, Warmup, CallsPerSecond);
                var healthy = await Load.RunAsync(url, body, Clients, Each, CallsPerSecond);
                Fill(disk);
                var full = await Load.RunAsync(url, body, Clients, Each, CallsPerSecond);
                rows.Add(
                [
                    durability,
                    Report.Count(healthy.CallsPerSecond),
                    Report.Count(full.CallsPerSecond),
                    Report.Micros(full.FirstByteP50 - healthy.FirstByteP50),
                    Report.Micros(full.FirstByteP99 - healthy.FirstByteP99),
                ]);
                File.Delete(Path.Combine(disk, "filler"));
            }
            finally
            {
                await TryRunAsync("umount", disk);
                Directory.Delete(disk, recursive: true);
            }
        }

        report.Table($"A full disk, {Clients} clients", ["durability", "calls/s before", "calls/s while it is full", "added p50 to first byte", "added p99"], rows);
    }

    private static void Fill(string disk)
    {
        using var filler = new FileStream(Path.Combine(disk, "filler"), FileMode.CreateNew);
        var block = new byte[FillBytes];
        try
        {
            while (true)
            {
                filler.Write(block);
                filler.Flush();
            }
        }
        catch (IOException)
        {
            // That is what full means.
        }
    }

    private static async Task<bool> TryRunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true });
        await process!.WaitForExitAsync();
        return process.ExitCode == 0;
    }
}
