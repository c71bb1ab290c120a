package postgres

func (s *statements) webhooks() {
	s.listWebhooks = `select ` + webhookColumns + ` from webhooks w where w.org_id = $1`
	s.getWebhook = s.listWebhooks + ` and w.id = $2`
	s.lockWebhook = s.getWebhook + ` for update`
	s.insertWebhook = `insert into webhooks (org_id, id, url, topics, is_active, sealed, secret_until, disabled_reason, disabled_at, failing_since,
			paused_until, failures, events_missed_at, updated_at, created_at, log_epoch, log_xid, log_id)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17::xid8, $18)`
	s.updateWebhook = `update webhooks set url = $3, topics = $4, is_active = $5, sealed = $6, secret_until = $7, disabled_reason = $8,
			disabled_at = $9, failing_since = $10, paused_until = $11, failures = $12, events_missed_at = $13, updated_at = $14
		where org_id = $1 and id = $2`
	s.deleteWebhook = `delete from webhooks where org_id = $1 and id = $2`
	s.holdWebhook = `select ` + webhookColumns + `, w.log_epoch, w.log_xid::text, w.log_id from webhooks w
		where w.org_id = $1 and w.id = $2 and w.fence = $3 and w.lease_until > clock_timestamp() for update`
	s.advanceWebhook = `update webhooks set log_epoch = $3, log_xid = $4::xid8, log_id = $5 where org_id = $1 and id = $2`
	s.renewWebhook = `update webhooks set lease_until = clock_timestamp() + make_interval(secs => $4)
		where org_id = $1 and id = $2 and fence = $3 and lease_until > clock_timestamp()`
	s.webhookWork = `select org_id, id, fence from docsctl_webhook_work($1, $2, make_interval(secs => $3), $4, $5)`

	s.listDeliveries = `select ` + deliveryColumns + `, null::bytea from deliveries d where d.org_id = $1`
	const whole = `select ` + deliveryColumns + `, d.body from deliveries d where d.org_id = $1`
	s.getDelivery = whole + ` and d.id = $2`
	s.exportDeliveries = whole + ` order by d.id`
	s.dueDeliveries = whole + ` and d.webhook_id = $2 and d.status = 'pending' and d.next_attempt_at <= $3
			and not exists (select from deliveries b
				where b.org_id = $1 and b.webhook_id = $2 and b.status = 'pending' and b.subject = d.subject and b.event_id < d.event_id)
		order by d.next_attempt_at, d.event_id limit $4`
	s.pendingDeliveries = `select count(*) from (
			select from deliveries where org_id = $1 and webhook_id = $2 and status = 'pending' limit $3) counted`
	s.addDeliveries = `insert into deliveries (org_id, id, webhook_id, event_id, event_type, subject, status, attempts, last_status_code, error_message,
			first_attempt_at, last_attempt_at, next_attempt_at, finished_at, created_at, body)
		select $1, * from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::integer[], $9::integer[], $10::text[],
			$11::timestamptz[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[], $15::timestamptz[], $16::bytea[])
		on conflict (org_id, webhook_id, event_id) do nothing`
	s.updateDelivery = `update deliveries set status = $3, attempts = $4, last_status_code = $5, error_message = $6, first_attempt_at = $7,
			last_attempt_at = $8, next_attempt_at = $9, finished_at = $10
		where org_id = $1 and id = $2`
}
